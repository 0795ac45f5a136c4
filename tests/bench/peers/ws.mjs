// The ws peer: people known by a token, one small session each, and a loop that sends a message to all the others.
import { createHash, randomBytes } from 'node:crypto';
import { WebSocketServer } from 'ws';

const [port] = process.argv.slice(2).map(Number);
const known = new Map();
const hash = (token) => createHash('sha256').update(token).digest('hex');
const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false });

server.on('connection', (socket) => {
  const token = randomBytes(32).toString('hex');
  socket.send(`token ${token}`);
  socket.session = null;
  socket.on('message', (data) => {
    if (socket.session) {
      for (const other of server.clients) if (other !== socket) other.send(data, { binary: false });
      return;
    }
    socket.session = { visitor: String(data), token: hash(token), since: Date.now() };
    known.set(socket.session.token, socket);
    socket.send('welcome');
  });
  socket.on('close', () => socket.session && known.delete(socket.session.token));
});

process.on('SIGTERM', () => process.exit(0));
