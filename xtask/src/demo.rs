//! A small static server for the demo exchange: a site of its own, with a strict policy of its own. For people and for tests.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Where the pages in the checkout say that the relay is.
const RELAY_IN_PAGES: &str = "http://127.0.0.1:8080";
/// Bytes of one request's head that are read; browsers send far less.
const HEAD_BYTES_MAX: u64 = 16 * 1024;
/// A connection that says nothing for this long is let go.
const READ_WAIT: Duration = Duration::from_secs(10);

/// A running demo site; dropping it stops it.
#[derive(Debug)]
pub struct Demo {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Demo {
    /// Where it listens: the port matters when port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, so that it sees the flag.
        TcpStream::connect(self.address).ok();
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
    }
}

/// Serves the folder `pages` on `listen` (`127.0.0.1:0` takes a free port). `relay` is the relay's origin: the
/// pages are told of it, and it is the only foreign origin that the policy lets in. Fails where the port is taken.
pub fn serve(pages: &Path, listen: &str, relay: &str) -> io::Result<Demo> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let stopped = Arc::new(AtomicBool::new(false));
    let site = Arc::new(Site { pages: pages.to_owned(), relay: relay.to_owned() });
    let stop = Arc::clone(&stopped);
    let accepting = thread::spawn(move || {
        for stream in listener.incoming() {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let site = Arc::clone(&site);
            // A browser that breaks off is no matter of ours.
            thread::spawn(move || stream.and_then(|stream| site.answer(stream)).ok());
        }
    });
    Ok(Demo { address, stopped, accepting: Some(accepting) })
}

struct Site {
    pages: PathBuf,
    relay: String,
}

impl Site {
    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(READ_WAIT))?;
        let mut head = BufReader::new(stream.try_clone()?.take(HEAD_BYTES_MAX)).lines();
        let request = head.next().transpose()?.unwrap_or_default();
        // The rest is read only so that closing does not reset the connection.
        for line in head {
            if line?.is_empty() {
                break;
            }
        }
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
        let found = if method == "GET" || method == "HEAD" { self.page(target) } else { None };
        let (status, kind, body) =
            found.map_or(("404 Not Found", "text/plain", b"Not found".to_vec()), |(kind, body)| ("200 OK", kind, body));
        let more = self.headers(if kind == "text/html" { &body } else { b"" });
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{more}\r\n",
            body.len()
        )?;
        if method != "HEAD" {
            stream.write_all(&body)?;
        }
        stream.flush()
    }

    /// The policy, and what a page wants to be sent with: it says so in comments of lines of their own.
    fn headers(&self, page: &[u8]) -> String {
        let text = String::from_utf8_lossy(page);
        let line = |line: &str| Some(line.strip_prefix("<!-- sent with ")?.strip_suffix(" -->")?.to_owned());
        let mut headers: Vec<String> = text.lines().filter_map(line).collect();
        if !text.contains("<!-- sent without a policy -->") {
            headers.push(format!("Content-Security-Policy: {}", self.policy()));
        }
        headers.iter().map(|header| format!("{header}\r\n")).collect()
    }

    /// What an exchange that takes its security seriously sends: nothing inline, nothing foreign but the relay.
    fn policy(&self) -> String {
        let relay = &self.relay;
        format!(
            "default-src 'none'; script-src 'self' {relay}; style-src 'self'; img-src 'self' data:; frame-src {relay}; \
             connect-src 'self'; base-uri 'none'; form-action 'self'"
        )
    }

    /// Type and content of the file that a request names. Only plain names: nothing outside the folder can be asked for.
    fn page(&self, target: &str) -> Option<(&'static str, Vec<u8>)> {
        let name = target.split(['?', '#']).next()?.trim_start_matches('/');
        let name = if name.is_empty() { "index.html" } else { name };
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
        if !plain || name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return None;
        }
        let body = fs::read(self.pages.join(name)).ok()?;
        let kind = match name.rsplit('.').next()? {
            "html" => {
                let text = String::from_utf8(body).ok()?.replace(RELAY_IN_PAGES, &self.relay);
                return Some(("text/html", text.into_bytes()));
            }
            "css" => "text/css",
            "js" => "text/javascript",
            "svg" => "image/svg+xml",
            "json" => "application/json",
            _ => return None,
        };
        Some((kind, body))
    }
}

#[cfg(test)]
mod tests {
    use super::serve;
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::path::Path;

    fn get(path: &str) -> String {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/demo");
        let demo = serve(&pages, "127.0.0.1:0", "http://127.0.0.1:9").unwrap();
        let mut stream = TcpStream::connect(demo.address()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn the_page_names_the_relay_and_is_strict() {
        let answer = get("/?from=a-link");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains("default-src 'none'; script-src 'self' http://127.0.0.1:9;"), "{answer}");
        assert!(answer.contains("src=\"http://127.0.0.1:9/embed.js\""), "{answer}");
    }

    #[test]
    fn a_page_says_what_it_is_sent_with() {
        let answer = get("/odd/isolated.html");
        assert!(
            answer.contains("\r\nCross-Origin-Embedder-Policy: require-corp\r\nContent-Security-Policy: "),
            "{answer}"
        );
        let answer = get("/odd/clobbered.html");
        assert!(answer.starts_with("HTTP/1.1 200 OK") && !answer.contains("Content-Security-Policy"), "{answer}");
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for path in [
            "/../embed.js",
            "/odd/../../embed.js",
            "/odd//isolated.html",
            "/..%2fembed.js",
            "/.gitignore",
            "/missing.html",
        ] {
            assert!(get(path).starts_with("HTTP/1.1 404"), "{path}");
        }
    }
}
