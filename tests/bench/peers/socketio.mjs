// The socket.io peer: stores each message in PostgreSQL, and only then tells the agent and acknowledges.
import { createServer } from 'node:http';
import pg from 'pg';
import { Server } from 'socket.io';

const [port, databasePort] = process.argv.slice(2).map(Number);
const pool = new pg.Pool({ host: '127.0.0.1', port: databasePort, user: 'bench', database: 'postgres', max: 32 });
const person = { name: 'person', text: 'SELECT id, staff, agent FROM person WHERE token = $1' };
const insert = {
  name: 'insert',
  text: 'INSERT INTO message (conversation, id, body) VALUES ($1, $2, $3) RETURNING seq, at',
};

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

io.use(async (socket, next) => {
  try {
    const { rows } = await pool.query({ ...person, values: [String(socket.handshake.auth.token)] });
    if (rows.length !== 1) return next(new Error('unknown'));
    socket.data = rows[0];
    next();
  } catch (error) {
    next(error);
  }
});

io.on('connection', (socket) => {
  const { id: conversation, staff, agent } = socket.data;
  if (staff) {
    socket.join(`agent:${conversation}`);
    return;
  }
  socket.join(`conversation:${conversation}`);
  socket.on('say', async ({ id, text }, acknowledge) => {
    try {
      const { rows } = await pool.query({ ...insert, values: [conversation, id, text] });
      const { seq, at } = rows[0];
      io.to(`agent:${agent}`).emit('message', { conversation, seq, at, id, text });
      acknowledge({ seq, at });
    } catch (error) {
      acknowledge({ error: error.message });
    }
  });
});

http.listen(port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
