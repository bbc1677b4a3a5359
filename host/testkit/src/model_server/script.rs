//! Which request gets which answer.

use super::answer::Scripted;
use super::received::Received;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

type Fits = Box<dyn Fn(&Received) -> bool + Send + Sync>;
type Compute = Box<dyn Fn(&Received) -> Scripted + Send + Sync>;

struct Rule {
    fits: Fits,
    times: Option<u32>,
    answer: Scripted,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    queue: VecDeque<Scripted>,
    otherwise: Option<Compute>,
    requests: Vec<Received>,
    unexpected: Vec<Received>,
}

/// Shared by the routes and the test.
pub(super) struct Script {
    state: Mutex<State>,
    arrived: watch::Sender<usize>,
}

impl Default for Script {
    fn default() -> Self {
        Self { state: Mutex::default(), arrived: watch::Sender::new(0) }
    }
}

impl Script {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, answer: Scripted) {
        self.lock().queue.push_back(answer);
    }

    pub(super) fn when(&self, fits: Fits, times: Option<u32>, answer: Scripted) {
        self.lock().rules.push(Rule { fits, times, answer });
    }

    pub(super) fn otherwise(&self, compute: Compute) {
        self.lock().otherwise = Some(compute);
    }

    pub(super) fn requests(&self) -> Vec<Received> {
        self.lock().requests.clone()
    }

    pub(super) fn unexpected(&self) -> Vec<Received> {
        self.lock().unexpected.clone()
    }

    pub(super) fn remaining(&self) -> usize {
        self.lock().queue.len()
    }

    pub(super) async fn wait_for_requests(&self, count: usize) {
        // The sender lives as long as `self`, so this only ends when the count is reached.
        let _ = self.arrived.subscribe().wait_for(|arrived| *arrived >= count).await;
    }

    /// Record the request and choose its answer: rules in order, then the queue, then the computed answer.
    pub(super) fn answer(&self, request: &Received) -> Option<Scripted> {
        let mut state = self.lock();
        state.requests.push(request.clone());
        let arrived = state.requests.len();
        let answer = state.choose(request);
        if answer.is_none() {
            state.unexpected.push(request.clone());
        }
        drop(state);
        self.arrived.send_replace(arrived);
        answer
    }
}

impl State {
    fn choose(&mut self, request: &Received) -> Option<Scripted> {
        let fitting = self.rules.iter_mut().find(|rule| rule.times != Some(0) && (rule.fits)(request));
        if let Some(rule) = fitting {
            rule.times = rule.times.map(|times| times - 1);
            return Some(rule.answer.clone());
        }
        self.queue.pop_front().or_else(|| self.otherwise.as_ref().map(|compute| compute(request)))
    }
}
