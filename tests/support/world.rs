//! One test's world: a relay, the demo site, and a driver for as many browsers as the story has people.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::browser::Browser;
use crate::driver::Driver;
use crate::gate::Gate;
use crate::look::{Engine, Look};
use crate::people::{Agent, Visitor};
use crate::process::free_port;
use crate::relay::{Relay, Setup};
use crate::site::Site;

/// Browsers are heavy: one story at a time, however many threads the test runner has.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A relay, a demo site in front of it, and a driver.
pub struct World {
    /// The relay, serving the site `demo`.
    pub relay: Relay,
    /// The exchange whose pages carry the script tag.
    pub site: Site,
    driver: Arc<Driver>,
    _turn: MutexGuard<'static, ()>,
}

impl World {
    /// Waits for its turn and starts everything.
    #[must_use]
    pub fn start() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let port = free_port();
        let site = Site::start(&format!("http://127.0.0.1:{port}"));
        let relay = Relay::start_on(port, &site.origin());
        Self { relay, site, driver: Arc::new(Driver::start()), _turn: turn }
    }

    /// The same, but the relay has no site yet: its data folder is empty.
    #[must_use]
    pub fn start_empty() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let relay = Relay::start_empty(Setup::default());
        let site = Site::start(&relay.origin());
        Self { relay, site, driver: Arc::new(Driver::start()), _turn: turn }
    }

    /// The same behind a gate that lets no WebSocket through: pages know the relay by the gate's address only.
    #[must_use]
    pub fn start_behind_gate() -> (Self, Gate) {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let port = free_port();
        let gate = Gate::start(port);
        let site = Site::start(&gate.origin());
        let relay = Relay::start_behind(port, Some(gate.origin()), &site.origin());
        (Self { relay, site, driver: Arc::new(Driver::start()), _turn: turn }, gate)
    }

    /// A browser of its own, on an empty page.
    #[must_use]
    pub fn browser(&self, look: Look) -> Browser {
        let driver = match look.engine {
            Engine::Chromium => Arc::clone(&self.driver),
            Engine::Firefox => Arc::new(Driver::start_for(Engine::Firefox)),
        };
        Browser::start(driver, look)
    }

    /// A visitor on the demo's first page, who has not touched the launcher.
    #[must_use]
    pub fn visitor(&self) -> Visitor {
        self.visitor_as(Look::DESKTOP)
    }

    /// The same with another screen or language.
    #[must_use]
    pub fn visitor_as(&self, look: Look) -> Visitor {
        let browser = self.browser(look);
        browser.go(&self.site.origin());
        Visitor::of(browser)
    }

    /// Makes an agent, signs it in at the console and lets it take visitors.
    #[must_use]
    pub fn agent(&self, email: &str, name: &str, capacity: u32) -> Agent {
        self.agent_as(email, name, capacity, Look::CONSOLE)
    }

    /// Makes somebody who watches over others, and signs them in.
    #[must_use]
    pub fn supervisor(&self, email: &str, name: &str, capacity: u32) -> Agent {
        self.supervisor_as(email, name, capacity, Look::CONSOLE)
    }

    /// The same with another screen.
    #[must_use]
    pub fn supervisor_as(&self, email: &str, name: &str, capacity: u32, look: Look) -> Agent {
        self.relay.member("supervisor", email, name, capacity);
        self.signed_in(email, look)
    }

    /// The same as `agent` with another screen.
    #[must_use]
    pub fn agent_as(&self, email: &str, name: &str, capacity: u32, look: Look) -> Agent {
        self.relay.agent(email, name, capacity);
        self.signed_in(email, look)
    }

    /// Makes Eve, who may do everything, and signs her in.
    #[must_use]
    pub fn administrator(&self) -> Agent {
        self.relay.member("administrator", "eve@example.com", "Eve", 4);
        self.signed_in("eve@example.com", Look::CONSOLE)
    }

    /// One more browser of an agent who is there.
    #[must_use]
    pub fn signed_in(&self, email: &str, look: Look) -> Agent {
        let agent = Agent::of(self.browser(look));
        agent.sign_in(&self.relay, email);
        agent
    }
}
