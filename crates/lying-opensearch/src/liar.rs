//! One bulk request and its answer: what is done with the documents and what is said about it. No sockets.

use std::collections::VecDeque;

use crate::Random;
use crate::answer::{self, Item};
use crate::kinds::{Deed, KINDS, Kind, Lasts, Place, Wire, Word};
use crate::store::{Operation, Store, operations};

/// A lie being told.
#[derive(Clone, Debug)]
pub struct Lie {
    pub kind: Kind,
    pub place: Place,
    told: u32,
    /// The id of the victim, from the first request on.
    victim: Option<String>,
}

impl Lie {
    pub const fn new(kind: Kind, place: Place) -> Self {
        Self { kind, place, told: 0, victim: None }
    }
}

/// What goes back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    pub wire: Option<Wire>,
    pub place: Place,
}

#[derive(Clone, Debug, Default)]
pub struct Liar {
    pub store: Store,
    lies: VecDeque<Lie>,
    /// One request in so many is lied about, at random.
    random: Option<(Random, u64)>,
    pub requests: u64,
    pub lies_told: u64,
    /// Every connection is closed without an answer.
    pub outage: bool,
    /// `Authorization` must be this.
    pub key: Option<String>,
}

impl Liar {
    pub fn tell(&mut self, lie: Lie) {
        self.lies.push_back(lie);
    }

    /// Lies that need no victim for ever are told at random, about one request in `one_in`; 0 ends it.
    pub fn lie_at_random(&mut self, seed: u64, one_in: u64) {
        self.random = (one_in > 0).then_some((Random(seed), one_in));
    }

    /// Answers a bulk request.
    pub fn bulk(&mut self, index: &str, body: &str) -> Reply {
        self.requests += 1;
        let Some(operations) = operations(body) else {
            let body = r#"{"error":{"type":"illegal_argument_exception","reason":"Malformed"},"status":400}"#;
            return Reply { status: 400, body: body.as_bytes().to_vec(), wire: None, place: Place::First };
        };
        match self.lie_for(&operations, body.len()) {
            Some(lie) => {
                self.lies_told += 1;
                self.tell_now(index, &operations, &lie)
            }
            None => self.honest(index, &operations),
        }
    }

    fn honest(&mut self, index: &str, operations: &[Operation<'_>]) -> Reply {
        let items: Vec<Item> = operations
            .iter()
            .map(|operation| Item::new(operation, self.store.apply(index, operation)))
            .collect();
        Reply { status: 200, body: answer::honest(&items).into_bytes(), wire: None, place: Place::First }
    }

    /// The lie that is due for this request, counted down.
    fn lie_for(&mut self, operations: &[Operation<'_>], bytes: usize) -> Option<Lie> {
        if self.lies.is_empty() {
            return self.random_lie();
        }
        let lie = self.lies.front_mut()?;
        let place = lie.place.of(operations.len());
        let victim = lie.victim.get_or_insert_with(|| operations[place].id.clone());
        let present = operations.iter().find(|operation| operation.id == *victim);
        let due = match lie.kind.lasts {
            Lasts::Times(_) => {
                matches!(lie.kind.word, Word::Item(..)).then_some(present.is_some()).unwrap_or(true)
            }
            Lasts::Victim => present.is_some(),
            Lasts::VictimFirstForm => present.is_some_and(|operation| !operation.source.contains("\"_raw\"")),
            Lasts::Over(most) => bytes > most,
        };
        if !due {
            return None;
        }
        lie.told += 1;
        let told = lie.clone();
        if matches!(told.kind.lasts, Lasts::Times(most) if told.told >= most) {
            self.lies.pop_front();
        }
        Some(told)
    }

    fn random_lie(&mut self) -> Option<Lie> {
        let (random, one_in) = self.random.as_mut()?;
        if random.below(*one_in) != 0 {
            return None;
        }
        let passing: Vec<&Kind> = KINDS.iter().filter(|kind| passes(kind)).collect();
        let kind = *passing[random.below(passing.len() as u64) as usize];
        Some(Lie::new(kind, Place::ALL[random.below(3) as usize]))
    }

    fn tell_now(&mut self, index: &str, operations: &[Operation<'_>], lie: &Lie) -> Reply {
        let victim = lie.victim.as_ref();
        let place = operations.iter().position(|operation| Some(&operation.id) == victim);
        let place = place.unwrap_or(lie.place.of(operations.len()));
        let before = (lie.kind.deed == Deed::Forget).then(|| self.store.clone());
        let items: Vec<Item> = operations
            .iter()
            .enumerate()
            .map(|(at, operation)| Item::new(operation, self.item(index, operation, at, place, lie)))
            .collect();
        if let Some(before) = before {
            self.store = before;
        }
        let (status, body, wire) = match lie.kind.word {
            Word::Status(status, body) => (status, body.as_bytes().to_vec(), None),
            Word::Bent(bend) => (200, answer::bent(&items, place, bend), None),
            Word::Item(..) => (200, answer::honest(&items).into_bytes(), None),
            Word::Wire(wire) => (200, answer::honest(&items).into_bytes(), Some(wire)),
        };
        Reply { status, body, wire, place: lie.place }
    }

    fn item(
        &mut self,
        index: &str,
        operation: &Operation<'_>,
        at: usize,
        place: usize,
        lie: &Lie,
    ) -> (u16, Option<&'static str>) {
        if let Word::Item(status, kind, done) = lie.kind.word
            && at == place
        {
            if done {
                self.store.apply(index, operation);
            }
            return (status, Some(kind));
        }
        match lie.kind.deed {
            Deed::Apply | Deed::Forget => self.store.apply(index, operation),
            Deed::Before if at < place => self.store.apply(index, operation),
            Deed::Before | Deed::Nothing => (201, None),
        }
    }
}

/// A lie that is over by itself and holds nobody up for long.
fn passes(kind: &Kind) -> bool {
    let slow = matches!(kind.word, Word::Wire(Wire::Hang | Wire::HangInside));
    // These make the shipper wait for an operator, up to half a minute.
    let stalls = matches!(kind.word, Word::Status(301 | 302 | 307 | 401 | 403 | 404 | 405 | 407, _));
    let hard = matches!(kind.name, "item_mapping_once");
    // A document that is sent again after a restart is believed to be there when a conflict is answered (the id contains
    // the line, and nobody asks the node about each of them): a conflict without a document loses it.
    let lost = matches!(kind.name, "item_false_conflict");
    matches!(kind.lasts, Lasts::Times(_)) && !slow && !stalls && !hard && !lost && kind.deed != Deed::Forget
}
