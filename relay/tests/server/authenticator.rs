//! An authenticator in software: it speaks what browsers and security keys speak (WebAuthn, level 3, and the CBOR of CTAP 2), worked out anew for
//! the tests, with another library's signatures than the relay checks them with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// Bits of `flags` in what an authenticator signs.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// A passkey in its authenticator, and the browser around it.
pub(crate) struct Authenticator {
    id: Vec<u8>,
    key: EcdsaKeyPair,
    handle: Option<String>,
    /// Whether it verifies its user.
    pub(crate) verifies: bool,
    /// The signature counter; each use raises it by one, unless it is 0.
    pub(crate) counter: u32,
    /// The origin of the page that the browser shows.
    pub(crate) origin: String,
    /// The host that it signs for, whatever was asked.
    pub(crate) host: String,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A byte string of CBOR.
fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let mut out = match u8::try_from(bytes.len()).expect("a short one") {
        length @ 0..24 => vec![0x40 | length],
        length => vec![0x58, length],
    };
    out.extend_from_slice(bytes);
    out
}

/// A text of CBOR, of less than 24 bytes.
fn name(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short one");
    [&[0x60 | length], text.as_bytes()].concat()
}

impl Authenticator {
    /// One that verifies its user, in a browser that shows a page of this origin, whose host is `localhost`.
    pub(crate) fn at(origin: &str) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).expect("a key");
        let mut id = vec![0; 20];
        random.fill(&mut id).expect("random bytes");
        let (origin, host) = (origin.to_owned(), "localhost".to_owned());
        Self { id, key, handle: None, verifies: true, counter: 1, origin, host }
    }

    /// The same key, for somebody who has copied it.
    pub(crate) fn id(&self) -> String {
        text(&self.id)
    }

    /// Answers `navigator.credentials.create()`.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        assert_eq!(options["rp"]["id"], "localhost", "{options}");
        let algorithms = options["pubKeyCredParams"].as_array().expect("a list");
        assert!(algorithms.iter().any(|one| one["alg"] == -7), "{options}");
        self.handle = Some(options["user"]["id"].as_str().expect("a handle").to_owned());
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        // A COSE key: type EC2, algorithm ES256, curve P-256, both coordinates.
        let key =
            [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21][..], &byte_string(x), &[0x22], &byte_string(y)].concat();
        let length = u16::try_from(self.id.len()).expect("a short one").to_be_bytes();
        let data = [&self.data(ATTESTED)[..], &[0; 16], &length, &self.id, &key].concat();
        let object = [
            &[0xa3][..],
            &name("fmt"),
            &name("none"),
            &name("attStmt"),
            &[0xa0],
            &name("authData"),
            &byte_string(&data),
        ];
        self.answer(&json!({
            "clientDataJSON": text(&self.client_data("webauthn.create", options)),
            "attestationObject": text(&object.concat()),
            "transports": ["internal"],
        }))
    }

    /// Answers `navigator.credentials.get()`.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        if self.counter > 0 {
            self.counter += 1;
        }
        let (data, client) = (self.data(0), self.client_data("webauthn.get", options));
        let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signed");
        self.answer(&json!({
            "clientDataJSON": text(&client),
            "authenticatorData": text(&data),
            "signature": text(signature.as_ref()),
            "userHandle": self.handle,
        }))
    }

    fn answer(&self, response: &Value) -> Value {
        json!({ "id": self.id(), "rawId": self.id(), "type": "public-key", "response": response,
            "authenticatorAttachment": "platform", "clientExtensionResults": {} })
    }

    fn client_data(&self, what: &str, options: &Value) -> Vec<u8> {
        let data =
            json!({ "type": what, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let flags = flags | PRESENT | if self.verifies { VERIFIED } else { 0 };
        [digest(&SHA256, self.host.as_bytes()).as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }
}
