//! The agents' hours: outside them nothing is assigned to an agent, whatever it chose.

use std::collections::BTreeMap;

use relay_settings::hours::{Hours, is_open, next_closing, next_opening};
use wire::AgentId;

use super::Staff;
use crate::step::{Step, Timer};

/// The machine's clock may be set meanwhile, so hours are looked at this often at least.
const LOOK_EVERY_MS: u64 = 3_600_000;

impl Staff {
    /// Looks which agents are outside their hours now, and sets the timer for the next time that this changes.
    pub(crate) fn look_at_hours(&mut self, step: &mut Step) {
        let now_ms = step.wall_ms();
        let mut next_ms = u64::MAX;
        // Many agents have the same hours.
        let mut known = BTreeMap::new();
        let mut changed: Vec<(AgentId, bool)> = Vec::new();
        for (agent, live) in &self.agents {
            // Hours that are not there are no bound: nobody is shut out by a document that cannot be read.
            let off_hours = live.settings.hours.as_ref().is_some_and(|id| {
                *known.entry(id).or_insert_with(|| {
                    self.documents.get::<Hours>(id).is_some_and(|hours| {
                        let changes = [next_opening(hours, now_ms), next_closing(hours, now_ms)];
                        next_ms = changes.into_iter().flatten().fold(next_ms, u64::min);
                        !is_open(hours, now_ms)
                    })
                })
            });
            if off_hours != live.off_hours {
                changed.push((*agent, off_hours));
            }
        }
        let has_hours = !known.is_empty();
        for (agent, off_hours) in changed {
            self.change(agent, step, |live| live.off_hours = off_hours);
        }
        if let Some(due_ms) = self.hours_due_ms.take() {
            step.cancel(due_ms, Timer::Hours);
        }
        if has_hours {
            let due_ms = step.now_ms().saturating_add(next_ms.saturating_sub(now_ms).min(LOOK_EVERY_MS));
            self.hours_due_ms = Some(due_ms);
            step.wake_at(due_ms, Timer::Hours);
        }
    }
}
