//! Invitations and links for new passwords: made within one's own rights, shown once, used once.

use relay::audit::Who;
use relay::identity::invitation;
use relay::store::sqlite::{DATABASE_FILE, SqliteStore};
use relay::store::{Invited, Store, write_once};
use relay_settings::BuiltInRole;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::asking::{Asker, fields, json, with_administrator};
use crate::support::{PASSWORD, Relay, add_agent_as, cookie_of};

const CHOSEN: &str = "seven green kettles";

fn everywhere() -> Value {
    json!({ "sites": "all", "departments": "all" })
}

/// The token of a link that was just made.
async fn token(made: Response) -> String {
    let made = json(made, 201).await;
    let (page, token) = made["link"].as_str().expect("a link").split_once('#').expect("a fragment");
    assert!(page.ends_with("/console/invitation"), "{page}");
    token.to_owned()
}

/// Somebody without a sign-in, on the relay's own page.
fn stranger(relay: &Relay) -> Asker {
    Asker::with(relay, vec![("origin", relay.origin())])
}

async fn id_of(eve: &Asker, name: &str) -> String {
    let page = json(eve.get("staff").await, 200).await;
    let found = page["items"].as_array().expect("items").iter().find(|item| item["name"] == name).cloned();
    found.expect("a colleague")["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_invited_chooses_a_password_and_is_signed_in_once() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let scope = json!({ "sites": ["demo"], "departments": "all" });
    let body = json!({ "email": " kim@example.com ", "name": "Kim", "roles": ["supervisor"], "scope": scope });
    let first = token(eve.post("invitations", &body).await).await;
    // Invited once more: the first link works no more.
    let second = token(eve.post("invitations", &body).await).await;
    let anybody = stranger(&relay);
    json(anybody.post("invitations/look", &json!({ "token": first })).await, 404).await;
    let seen = json(anybody.post("invitations/look", &json!({ "token": second })).await, 200).await;
    assert_eq!(
        (&seen["kind"], &seen["email"], &seen["name"]),
        (&json!("colleague"), &json!("kim@example.com"), &json!("Kim"))
    );
    let listed = json(eve.get("invitations").await, 200).await;
    assert_eq!(listed["items"].as_array().expect("items").len(), 1);
    assert_eq!((&listed["items"][0]["made_by"], &listed["items"][0]["scope"]), (&json!("eve"), &scope));
    assert!(!listed.to_string().contains(&second));
    let hours = listed["items"][0]["until_ms"].as_u64().expect("a time")
        - listed["items"][0]["made_at_ms"].as_u64().expect("a time");
    assert_eq!(hours, 72 * 3_600_000);

    let with = |name: &str, password: &str| json!({ "token": second, "name": name, "password": password });
    for (body, expected) in [
        (with("", CHOSEN), vec!["name"]),
        (with("Kim", "short"), vec!["password"]),
        (with("Kim", "kim@example.com"), vec!["password"]),
        (with("a\nb", "password12"), vec!["name", "password"]),
    ] {
        assert_eq!(fields(anybody.post("invitations/accept", &body).await, 422).await, expected, "{body}");
    }
    // Another page than the relay's own cannot use it.
    let elsewhere = Asker::with(&relay, vec![("origin", "https://evil.example.com".to_owned())]);
    for path in ["invitations/look", "invitations/accept"] {
        json(elsewhere.post(path, &with("Kim", CHOSEN)).await, 403).await;
    }
    // Twice at the same time: one is made.
    let body = with("Kim S.", CHOSEN);
    let (one, other) =
        tokio::join!(anybody.post("invitations/accept", &body), anybody.post("invitations/accept", &body));
    let (done, refused) = if one.status() == 204 { (one, other) } else { (other, one) };
    assert_eq!(done.status(), 204);
    json(refused, 404).await;
    let kim = Asker::with(&relay, vec![("cookie", cookie_of(&done)), ("origin", relay.origin())]);
    let me = json(kim.get("me").await, 200).await;
    assert_eq!((&me["name"], &me["roles"], &me["scope"]), (&json!("Kim S."), &json!(["supervisor"]), &scope));
    assert_eq!(relay.sign_in("kim@example.com", CHOSEN).await.status(), 204);
    json(anybody.post("invitations/look", &json!({ "token": second })).await, 404).await;
    assert_eq!(json(eve.get("invitations").await, 200).await["items"], json!([]));

    let log = json(eve.get("audit").await, 200).await;
    let of = |action: &str| -> Value {
        let items = log["items"].as_array().expect("items");
        items.iter().find(|item| item["entry"]["action"] == action).expect("noted")["entry"].clone()
    };
    assert_eq!((&of("invited")["who"]["name"], &of("agent_added")["who"]["name"]), (&json!("eve"), &json!("Kim S.")));
    assert_eq!(of("agent_added")["detail"]["invitation"], of("invited")["subject"]["id"]);
    let whole = log.to_string();
    assert!(!whole.contains(&first) && !whole.contains(&second) && !whole.contains(CHOSEN));
    relay.running.stop().await.expect("stopped");
    let bytes = std::fs::read(relay.folder.path().join(DATABASE_FILE)).expect("read");
    assert!(!bytes.windows(64).any(|part| part == second.as_bytes()), "only its hash is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_password_ends_all_sign_ins_and_the_old_password() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let ann = Asker::of(&relay, "ann").await;
    let path = format!("staff/{}/password_link", id_of(&eve, "ann").await);
    json(ann.post(&path, &json!({})).await, 404).await;
    let token = token(eve.post(&path, &json!({})).await).await;
    let anybody = stranger(&relay);
    let seen = json(anybody.post("invitations/look", &json!({ "token": token })).await, 200).await;
    assert_eq!((&seen["kind"], &seen["email"]), (&json!("password"), &json!("ann@example.com")));
    json(ann.get("me").await, 200).await;
    let body = json!({ "token": token, "password": CHOSEN });
    let done = anybody.post("invitations/accept", &body).await;
    assert_eq!((done.status().as_u16(), done.headers().contains_key("set-cookie")), (204, false));
    json(ann.get("me").await, 401).await;
    assert_eq!(relay.sign_in("ann@example.com", PASSWORD).await.status(), 401);
    assert_eq!(relay.sign_in("ann@example.com", CHOSEN).await.status(), 204);
    json(anybody.post("invitations/accept", &body).await, 404).await;

    // After 72 hours it does not work.
    let what = Invited::Password { agent: id_of(&eve, "ann").await.parse().expect("an id") };
    let (old, expired) = invitation::fresh(what, Who::CommandLine, relay::clock::now_ms() - 72 * 3_600_000);
    let store = SqliteStore::attach(relay.folder.path()).expect("a store");
    write_once(&mut *store.writer().expect("a writer"), |writer| writer.put_invitation(&old)).expect("kept");
    json(anybody.post("invitations/look", &json!({ "token": expired.reveal() })).await, 404).await;
    assert_eq!(json(eve.get("invitations").await, 200).await["items"], json!([]));

    // Of somebody who was switched off meanwhile it does not work.
    let bob = id_of(&eve, "bob").await;
    let link = self::token(eve.post(&format!("staff/{bob}/password_link"), &json!({})).await).await;
    json(eve.patch(&format!("staff/{bob}"), "*", &json!({ "disabled": true })).await, 200).await;
    json(anybody.post("invitations/accept", &json!({ "token": link, "password": CHOSEN })).await, 404).await;
    json(eve.post(&format!("staff/{bob}/password_link"), &json!({})).await, 409).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_invites_beyond_what_they_have_and_what_is_wrong_is_said_by_field() {
    let relay = Relay::start_filled("", |folder| {
        add_agent_as(folder, "eve", BuiltInRole::Administrator);
        add_agent_as(folder, "sue", BuiltInRole::Supervisor);
    })
    .await;
    let (eve, sue) = (Asker::of(&relay, "eve").await, Asker::of(&relay, "sue").await);
    let role = json!({ "id": "lead", "name": "Lead", "rights": ["staff_read", "staff_edit", "session_edit"] });
    json(eve.post("settings/role", &role).await, 201).await;
    let demo = json!({ "sites": ["demo"], "departments": "all" });
    let path = format!("staff/{}", id_of(&eve, "ann").await);
    json(eve.patch(&path, "*", &json!({ "roles": ["lead"], "scope": demo })).await, 200).await;
    let lead = Asker::of(&relay, "ann").await;
    let body = |email: &str, roles: &[&str], scope: &Value| json!({ "email": email, "roles": roles, "scope": scope });
    json(sue.get("invitations").await, 403).await;
    json(sue.post("invitations", &body("a@example.com", &["agent"], &demo)).await, 403).await;
    for (body, expected) in [
        (body("a@example.com", &["lead"], &everywhere()), "scope"),
        (body("a@example.com", &["agent"], &demo), "roles"),
    ] {
        assert_eq!(fields(lead.post("invitations", &body).await, 403).await, [expected], "{body}");
    }
    for (body, expected) in [
        (body("nobody", &["lead"], &demo), vec!["email"]),
        (body("a@example.com", &[], &demo), vec!["roles"]),
        (body("a@example.com", &["none"], &json!([])), vec!["roles", "scope"]),
        (
            json!({ "email": "a@b", "name": "", "roles": ["lead"], "scope": demo, "capacity": 0 }),
            vec!["name", "capacity"],
        ),
    ] {
        assert_eq!(fields(lead.post("invitations", &body).await, 422).await, expected, "{body}");
    }
    let taken = lead.post("invitations", &body("EVE@example.com", &["lead"], &demo)).await;
    assert_eq!(fields(taken, 409).await, ["email"]);
    // Invitations beyond one's own rights are not seen and not taken back.
    token(eve.post("invitations", &body("wide@example.com", &["administrator"], &everywhere())).await).await;
    let own = token(lead.post("invitations", &body("own@example.com", &["lead"], &demo)).await).await;
    let all = json(eve.get("invitations").await, 200).await;
    let id = |email: &str| {
        let items = all["items"].as_array().expect("items");
        items.iter().find(|item| item["email"] == email).expect("listed")["id"].as_str().expect("an id").to_owned()
    };
    let seen = json(lead.get("invitations").await, 200).await;
    assert_eq!(
        (seen["items"].as_array().expect("items").len(), &seen["items"][0]["id"]),
        (1, &json!(id("own@example.com")))
    );
    json(lead.delete(&format!("invitations/{}", id("wide@example.com"))).await, 404).await;
    json(
        lead.ask(Method::POST, &format!("staff/{}/password_link", id_of(&eve, "eve").await))
            .send()
            .await
            .expect("answered"),
        403,
    )
    .await;
    assert_eq!(lead.delete(&format!("invitations/{}", id("own@example.com"))).await.status(), 204);
    json(stranger(&relay).post("invitations/look", &json!({ "token": own })).await, 404).await;

    // A role that an open invitation names stays, as one that a colleague has.
    json(eve.post("settings/role", &json!({ "id": "short", "name": "Short", "rights": ["file_open"] })).await, 201)
        .await;
    let made = json(eve.post("invitations", &body("b@example.com", &["short"], &demo)).await, 201).await;
    let remove =
        async || eve.ask(Method::DELETE, "settings/role/short").header("if-match", "*").send().await.expect("answered");
    let problem = json(remove().await, 409).await;
    let remedy = problem["problems"][0]["remedy"].as_str().expect("words");
    assert!(remedy.contains("the invitation of b@example.com"), "{remedy}");
    let id = made["id"].as_str().expect("an id");
    assert_eq!(eve.delete(&format!("invitations/{id}")).await.status(), 204);
    assert_eq!(remove().await.status(), 204);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_the_address_at_which_its_maker_sees_the_console() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let localhost = format!("http://localhost:{}", relay.running.address.port());
    let cookie = relay.cookie("eve").await;
    let at_localhost = Asker::with(&relay, vec![("cookie", cookie), ("origin", localhost.clone())]);
    let body = json!({ "email": "kim@example.com", "roles": ["agent"], "scope": everywhere() });
    let path = format!("staff/{}/password_link", id_of(&eve, "ann").await);
    for (asker, origin) in [(&eve, relay.origin()), (&at_localhost, localhost)] {
        for made in [asker.post("invitations", &body).await, asker.post(&path, &json!({})).await] {
            let made = json(made, 201).await;
            let begins = format!("{origin}/console/invitation#");
            assert!(made["link"].as_str().expect("a link").starts_with(&begins), "{made}");
        }
    }
    // A program may say any origin: a link leads to no other address than the relay's own.
    let new_key = json!({ "name": "p", "rights": relay_settings::RightSet::ALL, "scope": everywhere() });
    let made = json(eve.post("keys", &new_key).await, 201).await;
    let bearer = format!("Bearer {}", made["key"].as_str().expect("a key"));
    let evil = "https://evil.example.com".to_owned();
    let program = Asker::with(&relay, vec![("authorization", bearer), ("origin", evil)]);
    let answer = program.post("invitations", &body).await;
    let status = answer.status();
    let made = answer.text().await.expect("a body");
    assert!(status == 201 && made.contains(&relay.origin()) && !made.contains("evil"), "{made}");
    relay.running.stop().await.expect("stopped");
}
