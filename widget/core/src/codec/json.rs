//! JSON as far as our frames need it: a reader that bounds depth and a writer that escapes. It is I-JSON (RFC 7493): no object has the
//! same name twice.
//!
//! Serde's derived code was a third of the chat's weight; this is a hundredth, and reads the same golden files.

/// Deeper nesting than any frame has is no frame.
const DEPTH_MAX: usize = 12;

/// A JSON value. Numbers of ours are whole and not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(u64),
    /// A number that none of our fields can hold.
    OtherNumber,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text; none when it is no JSON.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.space();
        (reader.at == text.len()).then_some(value)
    }

    /// The value under a name; null when there is none.
    pub(crate) fn get(&self, name: &str) -> &Self {
        if let Self::Object(fields) = self {
            for (field, value) in fields {
                if field == name {
                    return value;
                }
            }
        }
        &Self::Null
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) const fn number(&self) -> Option<u64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(crate) const fn bool(&self) -> Option<bool> {
        if let Self::Bool(bool) = self { Some(*bool) } else { None }
    }

    pub(crate) const fn list(&self) -> Option<&Vec<Self>> {
        if let Self::List(list) = self { Some(list) } else { None }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// The next byte that is no space must be this one.
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.space();
        self.accept(byte).then_some(())
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == byte && self.at < self.text.len();
        if found {
            self.at += 1;
        }
        found
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())?;
        Some(value)
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.space();
        match self.peek() {
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => self.list(depth),
            b'{' => self.object(depth),
            b'-' | b'0'..=b'9' => Some(self.number()),
            _ => None,
        }
    }

    fn number(&mut self) -> Json {
        let start = self.at;
        while matches!(self.peek(), b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') {
            self.at += 1;
        }
        self.text[start..self.at].parse().map_or(Json::OtherNumber, Json::Number)
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut list = Vec::new();
        if self.accept(b']') {
            return Some(Json::List(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            if self.accept(b']') {
                return Some(Json::List(list));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut fields: Vec<(String, Json)> = Vec::new();
        if self.accept(b'}') {
            return Some(Json::Object(fields));
        }
        loop {
            self.space();
            let name = self.string()?;
            if fields.iter().any(|(other, _)| *other == name) {
                return None;
            }
            self.expect(b':')?;
            fields.push((name, self.value(depth + 1)?));
            if self.accept(b'}') {
                return Some(Json::Object(fields));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.peek() != b'"' {
            return None;
        }
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            let byte = self.peek();
            self.at += 1;
            match byte {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                // A raw control character, or the end of the text.
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek();
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four_digits()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                if !self.text[self.at..].starts_with("\\u") {
                    return None;
                }
                self.at += 2;
                let second = self.four_digits()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)?
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()).to_digit(16)?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Some(value)
    }
}

/// Writes one object; nested ones are opened and closed in place.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: String,
}

impl Writer {
    /// Begins the outermost object.
    pub(crate) fn new() -> Self {
        Self { out: String::from("{") }
    }

    /// Ends it.
    pub(crate) fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.out.push(':');
    }

    fn comma(&mut self) {
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }

    pub(crate) fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        self.out.push_str(&wire::digits(number));
    }

    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        self.name(name);
        self.out.push_str(if value { "true" } else { "false" });
    }

    pub(crate) fn null(&mut self, name: &str) {
        self.name(name);
        self.out.push_str("null");
    }

    /// Opens an object under a name; [`Writer::close`] ends it.
    pub(crate) fn open(&mut self, name: &str) {
        self.name(name);
        self.out.push('{');
    }

    pub(crate) fn close(&mut self) {
        self.out.push('}');
    }

    /// Opens a list under a name; [`Writer::close_list`] ends it.
    pub(crate) fn open_list(&mut self, name: &str) {
        self.name(name);
        self.out.push('[');
    }

    /// Opens an object in a list.
    pub(crate) fn item(&mut self) {
        self.comma();
        self.out.push('{');
    }

    pub(crate) fn close_list(&mut self) {
        self.out.push(']');
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for char in text.chars() {
            match char {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\0'..='\u{1f}' => {
                    const HEX: &[u8; 16] = b"0123456789abcdef";
                    let code = char as usize;
                    self.out.push_str("\\u00");
                    self.out.push(char::from(HEX[code >> 4]));
                    self.out.push(char::from(HEX[code & 15]));
                }
                char => self.out.push(char),
            }
        }
        self.out.push('"');
    }
}
