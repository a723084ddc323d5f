//! Planted mistakes: each is a way in which shippers have lost or doubled lines. The simulator must find every one,
//! or its silence about the real pipeline is worth nothing.
//!
//! A mistake that looks to the pipeline like a port's answer is planted in the ports, here; the others are hooks in
//! the pipeline behind its feature `planted-mistakes`.

use correlog_pipeline::mistake::Mistake;
use correlog_pipeline::ports::{Completion, Outcome};

/// One mistake and where it is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    /// A request of unknown fate counts as delivered.
    FailedRequestDelivered,
    /// Items answered 429 count as stored.
    BusyItemsStored,
    /// Refused items of a reply that also has busy ones vanish when the rest is sent again.
    RefusedVanishWithRetry,
    /// The new state is renamed into place without having been synced.
    SwapWithoutSync,
    /// A rename is believed before the directory is synced.
    DirectoryNotSynced,
    /// After a failed sync the same file is synced again, and that answer believed.
    SecondSyncBelieved,
    /// The checkpoint passes refusals that are not on the platter.
    RefusalsNotOnDisk,
    /// Made in the pipeline.
    Planted(Mistake),
}

pub const ALL: [Lie; 27] = [
    Lie::Planted(Mistake::NewestAckCheckpoint),
    Lie::FailedRequestDelivered,
    Lie::BusyItemsStored,
    Lie::RefusedVanishWithRetry,
    Lie::SwapWithoutSync,
    Lie::DirectoryNotSynced,
    Lie::SecondSyncBelieved,
    Lie::RefusalsNotOnDisk,
    Lie::Planted(Mistake::InodeIsIdentity),
    Lie::Planted(Mistake::OffsetKeptAfterTruncation),
    Lie::Planted(Mistake::CompressedOffset),
    Lie::Planted(Mistake::RotatedTailDropped),
    Lie::Planted(Mistake::UnterminatedEmitted),
    Lie::Planted(Mistake::IdFromArrival),
    Lie::Planted(Mistake::RefusedNotCounted),
    Lie::Planted(Mistake::BudgetIgnored),
    Lie::Planted(Mistake::ExpiryIgnored),
    Lie::Planted(Mistake::HolePassedOver),
    Lie::Planted(Mistake::SecondNameFollowed),
    Lie::Planted(Mistake::VersionFromArrival),
    Lie::Planted(Mistake::OlderOverNewer),
    Lie::Planted(Mistake::HoleOverstated),
    Lie::Planted(Mistake::AlwaysAtTheEnd),
    Lie::Planted(Mistake::RefusedLimitIgnored),
    Lie::Planted(Mistake::RefusedDropped),
    Lie::Planted(Mistake::EntryInIdentity),
    Lie::Planted(Mistake::PauseInSeconds),
];

impl Lie {
    pub fn name(self) -> String {
        match self {
            Self::Planted(mistake) => format!("{mistake:?}"),
            other => format!("{other:?}"),
        }
    }

    /// Makes the pipeline's own mistakes happen in this thread.
    pub fn plant(self) {
        #[cfg(feature = "planted-mistakes")]
        if let Self::Planted(mistake) = self {
            correlog_pipeline::mistake::plant(Some(mistake));
        }
    }

    pub fn unplant() {
        #[cfg(feature = "planted-mistakes")]
        correlog_pipeline::mistake::plant(None);
    }

    /// What the pump is told instead of `completion`.
    pub fn told(self, mut completion: Completion) -> Completion {
        let outcome = std::mem::replace(
            &mut completion.outcome,
            Outcome::NotSent(correlog_pipeline::ports::NotSent::Closing),
        );
        completion.outcome = match (self, outcome) {
            (Self::FailedRequestDelivered, Outcome::Unknown(_)) => all_stored(&completion.body),
            (Self::BusyItemsStored, Outcome::Replied { status: 200, retry_after_ms, reply }) => {
                Outcome::Replied { status: 200, retry_after_ms, reply: stored_instead_of(429, &reply) }
            }
            (Self::RefusedVanishWithRetry, Outcome::Replied { status: 200, retry_after_ms, reply })
                if memchr::memmem::find(&reply, b"\"status\":429").is_some() =>
            {
                Outcome::Replied { status: 200, retry_after_ms, reply: stored_instead_of(400, &reply) }
            }
            (_, outcome) => outcome,
        };
        completion
    }
}

fn all_stored(body: &[u8]) -> Outcome {
    let mut items = Vec::new();
    for action in body.split(|byte| *byte == b'\n').step_by(2).filter(|line| !line.is_empty()) {
        let Ok(action) = serde_json::from_slice::<serde_json::Value>(action) else { continue };
        for (verb, found) in action.as_object().into_iter().flatten() {
            items.push(serde_json::json!({ verb: { "_id": found["_id"], "status": 201 } }));
        }
    }
    let reply = serde_json::json!({ "took": 1, "errors": false, "items": items }).to_string();
    Outcome::Replied { status: 200, retry_after_ms: None, reply: reply.into_bytes() }
}

fn stored_instead_of(status: u64, reply: &[u8]) -> Vec<u8> {
    let Ok(mut reply) = serde_json::from_slice::<serde_json::Value>(reply) else { return reply.to_vec() };
    for item in reply["items"].as_array_mut().into_iter().flatten() {
        for (_, said) in item.as_object_mut().into_iter().flatten() {
            if said["status"] == status {
                said["status"] = 201.into();
                said.as_object_mut().map(|said| said.remove("error"));
            }
        }
    }
    reply.to_string().into_bytes()
}
