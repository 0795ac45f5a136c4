//! An agent that is a program: repeats what visitors say, ends the conversation at "bye". See docs/protocol.md.

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{collections::BTreeMap, convert::Infallible, env, time::Duration};
use tokio::{net::TcpStream, time::sleep, time::timeout};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Connection = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How far each conversation is read, and what is not acknowledged yet: both outlive a connection.
#[derive(Default)]
struct Bot {
    cursors: BTreeMap<String, u64>,
    outbox: Vec<Value>,
    wait_ms: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let [host, email] = [1, 2].map(|n| env::args().nth(n).unwrap_or_default());
    let password = env::var("BOT_PASSWORD").context("usage: BOT_PASSWORD=… bot HOST:PORT EMAIL")?;
    let mut bot = Bot::default();
    loop {
        let Err(why) = bot.run(&host, &email, &password).await;
        bot.wait_ms = (bot.wait_ms * 2).clamp(500, 20_000);
        eprintln!("{why:#}; coming back in {} ms", bot.wait_ms);
        sleep(Duration::from_millis(bot.wait_ms)).await;
    }
}

async fn connect(host: &str, email: &str, password: &str) -> Result<Connection> {
    let (origin, body) = (format!("http://{host}"), json!({ "email": email, "password": password }).to_string());
    let answer = ureq::post(format!("{origin}/api/v1/session"))
        .header("origin", &origin)
        .header("content-type", "application/json")
        .send(body)
        .context("sign-in")?;
    let cookie = answer.headers().get("set-cookie").context("a sign-in sets a cookie")?.to_str()?;
    let mut request = format!("ws://{host}/socket").into_client_request()?;
    request.headers_mut().insert("cookie", cookie.split(';').next().unwrap_or_default().parse()?);
    request.headers_mut().insert("origin", origin.parse()?);
    Ok(connect_async(request).await?.0)
}

impl Bot {
    /// The life of one connection; the error says why it ended. Two silences with a ping between them are an end.
    async fn run(&mut self, host: &str, email: &str, password: &str) -> Result<Infallible> {
        let mut connection = connect(host, email, password).await?;
        let mut out = vec![json!({ "type": "hello", "protocol": 1, "hello": { "as": "agent" }, "follow": [] })];
        let (mut me, mut silences) = (Value::Null, 0);
        loop {
            for frame in out.drain(..) {
                connection.send(Message::text(frame.to_string())).await?;
            }
            let received = timeout(Duration::from_secs(10), connection.next()).await;
            silences = if received.is_ok() { 0 } else { silences + 1 };
            let frame: Value = match received {
                Ok(Some(Ok(Message::Text(text)))) => serde_json::from_str(&text)?,
                Err(_) if silences == 1 => {
                    out.extend(self.outbox.iter().cloned().chain([json!({ "type": "ping" })]));
                    continue;
                }
                other => bail!("the connection ended: {other:?}"),
            };
            let list = frame["events"].as_array().or(frame["session"]["open"].as_array()).into_iter().flatten();
            match frame["type"].as_str().unwrap_or_default() {
                "welcome" => {
                    (self.wait_ms, me) = (0, frame["session"]["me"]["id"].clone());
                    out.extend(self.outbox.iter().cloned());
                    out.extend(list.filter_map(|row| self.row(row, &me)));
                }
                "inbox" => out.extend(self.row(&frame["row"], &me)),
                "event" => out.extend(self.event(&frame["event"]).into_iter().flatten()),
                "events" => list.for_each(|event| out.extend(self.event(event).into_iter().flatten())),
                _ => {}
            }
        }
    }

    /// Where the log of a conversation of ours goes on beyond what is read, we read on; this fills gaps too.
    fn row(&mut self, row: &Value, me: &Value) -> Option<Value> {
        let id = row["conversation"].as_str()?;
        self.outbox.retain(|kept| kept["conversation"] != id || row["state"]["is"] != "closed");
        let cursor = *self.cursors.entry(id.to_owned()).or_insert(0);
        let behind = row["state"]["agent"] == *me && row["head"]["shared"] != cursor;
        let follow = json!({ "conversation": id, "after": { "shared": cursor, "staff": row["head"]["staff"] } });
        behind.then(|| json!({ "type": "follow", "follow": follow }))
    }

    /// What a new event asks us to say. Answers get ids made from the message's: answered again, it is recorded once.
    fn event(&mut self, event: &Value) -> Option<Vec<Value>> {
        let (conversation, id) = (&event["conversation"], event["id"].as_str()?);
        self.outbox.retain(|kept| kept["id"] != id);
        let cursor = self.cursors.get_mut(conversation.as_str()?)?;
        (event["lane"] == "shared" && event["seq"] == *cursor + 1).then(|| *cursor += 1)?;
        let said = event["body"]["text"].as_str().filter(|_| event["author"]["by"] == "visitor")?;
        let bye = said.trim().eq_ignore_ascii_case("bye");
        let text = if bye { "Goodbye.".to_owned() } else { format!("You said: {said}") };
        let own = |salt| Some(format!("{:x}{}", id.chars().next()?.to_digit(16)? ^ salt, id.get(1..)?));
        let say = json!({ "kind": "text", "text": text });
        let mut answers = vec![json!({ "type": "say", "conversation": conversation, "id": own(10)?, "say": say })];
        if bye {
            answers.push(json!({ "type": "end", "conversation": conversation, "id": own(11)? }));
        }
        self.outbox.extend(answers.clone());
        Some(answers)
    }
}
