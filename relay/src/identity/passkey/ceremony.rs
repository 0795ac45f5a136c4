//! What is asked of an authenticator, and what it answers (WebAuthn, level 3). Everything that names the library which checks it is here.

use serde_json::Value;
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::{
    AllowedCredentials, AuthenticationVerificationOptions, NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    AuthenticatorSelectionCriteria, Extension, Nickname, PublicKeyCredentialUserEntity,
    RegistrationVerificationOptions, ResidentKeyRequirement, UserHandle16, Username,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials, PublicKeyCredentialDescriptor, RpId, TimedCeremony, UserVerificationRequirement,
};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, AuthenticatorAttachment, Backup, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, NonDiscoverableAuthentication16, NonDiscoverableAuthenticationServerState,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};
use wire::AgentId;

use super::PasskeyHost;
use crate::store::{AgentRecord, PasskeyRecord};

/// Bytes of an agent's id, which is the user's handle: it says nothing of the person.
const HANDLE_BYTES: usize = 16;

/// What a browser was asked, until it answers.
#[derive(Debug)]
pub(super) enum Ask {
    /// A new passkey of an agent, for a host.
    New(AgentId, String, RegistrationServerState<HANDLE_BYTES>),
    /// Any passkey that verifies its user, for a host.
    Anybody(String, DiscoverableAuthenticationServerState),
    /// One of an agent's passkeys, for a host.
    Of(AgentId, String, NonDiscoverableAuthenticationServerState),
}

/// A question, and how it is sent to the browser.
pub(super) struct Asked {
    /// Its challenge.
    pub(super) challenge: u128,
    /// What is kept here until the answer.
    pub(super) ask: Ask,
    /// The options for `navigator.credentials`, in the form of `PublicKeyCredential.parseCreationOptionsFromJSON` and its like.
    pub(super) options: Value,
}

/// Why an answer does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The signature's counter did not go on: somebody may have a copy of the key.
    Counter,
    /// Anything else.
    Other,
}

/// What a registration gives, without what people add.
pub(super) struct NewKey {
    pub(super) credential: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) verifies: bool,
    pub(super) synced: bool,
    pub(super) transports: u8,
    pub(super) counter: u32,
}

/// Asks for a new passkey. One that signs in without a password is preferred; an authenticator that cannot is taken as a second factor.
pub(super) fn ask_new(host: &PasskeyHost, agent: &AgentRecord, have: &[PasskeyRecord]) -> Option<Asked> {
    let (rp_id, handle) = (rp_id(host)?, handle(agent.id)?);
    // What shows in the list of the browser. Names that the library does not take are left out.
    let name = Username::try_from(agent.email.as_str()).or_else(|_| Username::try_from("agent")).ok()?;
    let display_name = Nickname::try_from(agent.name.as_str()).ok();
    let user = PublicKeyCredentialUserEntity { name, id: &handle, display_name };
    let known = have.iter().filter_map(descriptor).collect();
    let mut options = PublicKeyCredentialCreationOptions::passkey(&rp_id, user, known);
    options.authenticator_selection = AuthenticatorSelectionCriteria {
        resident_key: ResidentKeyRequirement::Preferred,
        user_verification: UserVerificationRequirement::Preferred,
        ..AuthenticatorSelectionCriteria::passkey()
    };
    options.extensions = Extension::default();
    let (server, client) = options.start_ceremony().ok()?;
    let options = serde_json::to_value(&client).ok()?;
    let challenge = server.sent_challenge().0;
    Some(Asked { challenge, ask: Ask::New(agent.id, host.name().to_owned(), server), options })
}

/// Asks for any passkey that verifies its user.
pub(super) fn ask_anybody(host: &PasskeyHost) -> Option<Asked> {
    let rp_id = rp_id(host)?;
    let (server, client) = DiscoverableCredentialRequestOptions::passkey(&rp_id).start_ceremony().ok()?;
    let options = serde_json::to_value(&client).ok()?;
    let challenge = server.sent_challenge().0;
    Some(Asked { challenge, ask: Ask::Anybody(host.name().to_owned(), server), options })
}

/// Asks for one of an agent's passkeys; none when there is none for this host.
pub(super) fn ask_of(host: &PasskeyHost, agent: AgentId, have: &[PasskeyRecord]) -> Option<Asked> {
    let rp_id = rp_id(host)?;
    let mut allowed = AllowedCredentials::with_capacity(have.len());
    for one in have.iter().filter(|one| one.host == host.name()).filter_map(descriptor) {
        allowed.push(one.into());
    }
    let mut options = NonDiscoverableCredentialRequestOptions::second_factor(&rp_id, allowed).ok()?;
    // Some authenticators give these keys to nobody else.
    options.options().user_verification = UserVerificationRequirement::Preferred;
    let (server, client) = options.start_ceremony().ok()?;
    let options = serde_json::to_value(&client).ok()?;
    let challenge = server.sent_challenge().0;
    Some(Asked { challenge, ask: Ask::Of(agent, host.name().to_owned(), server), options })
}

/// The answer to [`ask_new`].
pub(super) struct NewAnswer(Registration);

impl NewAnswer {
    /// As a browser sent it (`RegistrationResponseJSON`).
    pub(super) fn read(credential: &Value) -> Option<Self> {
        let bytes = serde_json::to_vec(credential).ok()?;
        Registration::from_json_relaxed(&bytes).ok().map(Self)
    }

    /// The challenge that it says it answers.
    pub(super) fn challenge(&self) -> Option<u128> {
        self.0.challenge_relaxed().ok().map(|challenge| challenge.0)
    }

    /// Checks it.
    pub(super) fn check(&self, host: &PasskeyHost, state: RegistrationServerState<HANDLE_BYTES>) -> Option<NewKey> {
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &[host.origin()],
            // Some browsers tell of what nobody asked for.
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = state.verify(&rp_id(host)?, &self.0, &options).inspect_err(log).ok()?;
        let (credential, transports, _, fixed, dynamic, _) = made.into_parts();
        Some(NewKey {
            credential: credential.as_ref().to_vec(),
            key: fixed.encode().ok()?,
            verifies: dynamic.user_verified,
            synced: !matches!(dynamic.backup, Backup::NotEligible),
            transports: transports.encode().ok()?,
            counter: dynamic.sign_count,
        })
    }
}

/// The answer to a question for a passkey that is there.
pub(super) struct Answer {
    of_anybody: Option<DiscoverableAuthentication16>,
    of_agent: NonDiscoverableAuthentication16,
}

impl Answer {
    /// As a browser sent it (`AuthenticationResponseJSON`).
    pub(super) fn read(credential: &Value) -> Option<Self> {
        let bytes = serde_json::to_vec(credential).ok()?;
        let of_anybody = DiscoverableAuthentication16::from_json_relaxed(&bytes).ok();
        let of_agent = NonDiscoverableAuthentication16::from_json_relaxed(&bytes).ok()?;
        Some(Self { of_anybody, of_agent })
    }

    /// The challenge that it says it answers.
    pub(super) fn challenge(&self) -> Option<u128> {
        self.of_agent.challenge_relaxed().ok().map(|challenge| challenge.0)
    }

    /// The credential that it says it comes from.
    pub(super) fn credential(&self) -> Vec<u8> {
        self.of_agent.raw_id().as_ref().to_vec()
    }

    /// Checks it as the answer to [`ask_anybody`]. The new counter.
    pub(super) fn check_anybody(
        &self,
        host: &PasskeyHost,
        state: DiscoverableAuthenticationServerState,
        passkey: &PasskeyRecord,
    ) -> Result<u32, Wrong> {
        let answer = self.of_anybody.as_ref().ok_or(Wrong::Other)?;
        let (rp_id, handle) = (rp_id(host).ok_or(Wrong::Other)?, handle(passkey.agent).ok_or(Wrong::Other)?);
        let mut known = known(passkey, answer.raw_id(), &handle)?;
        state.verify(&rp_id, answer, &mut known, &options(&[host.origin()])).map_err(|error| wrong(&error))?;
        Ok(known.dynamic_state().sign_count)
    }

    /// Checks it as the answer to [`ask_of`]. The new counter.
    pub(super) fn check_of(
        &self,
        host: &PasskeyHost,
        state: NonDiscoverableAuthenticationServerState,
        passkey: &PasskeyRecord,
    ) -> Result<u32, Wrong> {
        let (rp_id, handle) = (rp_id(host).ok_or(Wrong::Other)?, handle(passkey.agent).ok_or(Wrong::Other)?);
        let mut known = known(passkey, self.of_agent.raw_id(), &handle)?;
        state.verify(&rp_id, &self.of_agent, &mut known, &options(&[host.origin()])).map_err(|error| wrong(&error))?;
        Ok(known.dynamic_state().sign_count)
    }
}

type Key = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;
type Known<'a> = AuthenticatedCredential<'a, 'a, HANDLE_BYTES, Key>;

/// A passkey as the library reads it.
fn known<'a>(
    passkey: &PasskeyRecord,
    id: CredentialId<&'a [u8]>,
    handle: &'a UserHandle16,
) -> Result<Known<'a>, Wrong> {
    let fixed = StaticState::decode(passkey.key.as_slice()).map_err(|_| Wrong::Other)?;
    let state = DynamicState {
        user_verified: passkey.verifies,
        backup: if passkey.synced { Backup::Eligible } else { Backup::NotEligible },
        sign_count: passkey.counter,
        authenticator_attachment: AuthenticatorAttachment::None,
    };
    AuthenticatedCredential::new(id, handle, fixed, state).map_err(|_| Wrong::Other)
}

fn options<'a>(origins: &'a [&'a str]) -> AuthenticationVerificationOptions<'a, 'a, &'a str, &'a str> {
    AuthenticationVerificationOptions {
        allowed_origins: origins,
        error_on_unsolicited_extensions: false,
        ..AuthenticationVerificationOptions::default()
    }
}

fn wrong(error: &AuthCeremonyErr) -> Wrong {
    log(error);
    if matches!(error, AuthCeremonyErr::SignatureCounter) { Wrong::Counter } else { Wrong::Other }
}

/// The answer to the browser does not say what is wrong; whoever runs the relay may want to know. No error names a person or a key.
fn log(error: &impl std::fmt::Display) {
    tracing::debug!(%error, "an answer of an authenticator is not right");
}

fn rp_id(host: &PasskeyHost) -> Option<RpId> {
    AsciiDomain::try_from(host.name().to_owned()).ok().map(RpId::Domain)
}

fn handle(agent: AgentId) -> Option<UserHandle16> {
    UserHandle16::decode(agent.0.to_be_bytes()).ok()
}

fn descriptor(passkey: &PasskeyRecord) -> Option<PublicKeyCredentialDescriptor<Vec<u8>>> {
    let id = CredentialId::<Vec<u8>>::decode(passkey.credential.clone()).ok()?;
    let transports = AuthTransports::decode(passkey.transports).ok()?;
    Some(PublicKeyCredentialDescriptor { id, transports })
}
