//! What a completion changes: which documents are settled, which go again and when. The meaning of a reply is
//! `judge`'s; the times are `pace`'s.

use super::batch::{Batch, Form};
use super::counts::Trouble;
use super::judge::{self, Block, Doubt, Fault, Judgement, Stall, Verdict};
use super::pace::Wait;
use super::{Delivery, Fate, Flight, Refusing, Settled, second};
use crate::encode::Operation;
use crate::ports::{Ask, Completion, Lost, Now, Outbound};
use crate::refused::{self, Reason};

/// A batch whose fate was unknown this often in a row is cut down to find the document to blame.
const UNKNOWNS_BEFORE_HALVING: u32 = 3;
/// A lone document is blamed for hanging requests after this many, others being answered meanwhile.
const HANGS_BEFORE_BLAME: u32 = 3;
/// The same where it does not hang but fails at once, as every request does through a line that is bad by itself.
const UNKNOWNS_BEFORE_BLAME: u32 = 10;
/// Answers to one document that no rule knows before it is held back by itself.
const ODDITIES_BEFORE_PARKING: u8 = 5;

/// The documents of one answered request that are not settled by it.
#[derive(Default)]
pub(super) struct Again {
    /// Soon, alone.
    pub(super) busy: Batch,
    /// With the whole lane.
    blocked: Batch,
    block: Option<Block>,
    /// After a long pause, by themselves.
    parked: Batch,
    /// At once, in another form.
    second: Batch,
}

impl Delivery {
    pub(super) fn receive(&mut self, now: Now, world: &mut dyn Outbound, settled: &mut Vec<Settled>) {
        while let Some(completion) = world.poll() {
            // A ticket that is not ours is the port's mistake; there is nothing to settle for it.
            let Some(mut flight) = self.flights.remove(&completion.ticket) else { continue };
            self.lane(&flight).returned(flight.bytes);
            let Completion { body, outcome, .. } = completion;
            if flight.ask == Ask::Audit {
                self.audited(now, world, flight, &outcome, settled);
                continue;
            }
            assert_eq!(body.len(), flight.bytes, "the port gives back the body it was given");
            flight.batch.body = body;
            let judgement = judge::of_batch(&outcome, &flight.batch);
            self.act(now, world, flight, judgement, settled);
        }
    }

    pub(super) fn lane(&mut self, flight: &Flight) -> &mut super::Lane {
        self.lanes.get_mut(&flight.index).expect("a lane with a request is never dropped")
    }

    fn act(
        &mut self,
        now: Now,
        world: &mut dyn Outbound,
        mut flight: Flight,
        judgement: Judgement,
        settled: &mut Vec<Settled>,
    ) {
        if flight.batch.suspect && !matches!(judgement, Judgement::Unknown(_) | Judgement::Unreachable(_)) {
            flight.batch.suspect = false;
            self.suspects -= 1;
        }
        match judgement {
            Judgement::Each(verdicts) => self.each(now, flight, &verdicts, settled),
            Judgement::Unreachable(why) => {
                self.counts.requests_unreachable += 1;
                self.close_gate(now, Trouble::Unreachable(why), Wait::Unreachable, None);
                self.lane(&flight).requeue(flight.batch);
            }
            Judgement::Busy { retry_after_ms, in_doubt } => {
                self.counts.requests_busy += 1;
                self.pace.busy(flight.submitted_ms, now.mono_ms);
                self.close_gate(now, Trouble::Busy, Wait::Busy, retry_after_ms);
                doubt_all(&mut flight.batch, in_doubt);
                self.again_smaller(flight);
            }
            Judgement::Unknown(doubt) => self.unknown(now, flight, doubt),
            Judgement::TooLarge => {
                self.answer();
                self.pace.too_large(flight.bytes);
                self.cut_down(now, flight, Fault::TooLarge);
            }
            Judgement::Poison => {
                self.answer();
                self.cut_down(now, flight, Fault::Poison);
            }
            Judgement::Blocked(block) => {
                self.answer();
                self.park(now, &flight, block);
                self.lane(&flight).requeue(flight.batch);
            }
            Judgement::Stalled(stall) => {
                if stall == Stall::Credential {
                    world.renew_credential();
                }
                self.close_gate(now, Trouble::Stalled(stall), Wait::Parked, None);
                self.lane(&flight).requeue(flight.batch);
            }
        }
    }

    /// The same again, in halves where bodies are to be smaller now: a node with little memory refuses a body that is
    /// larger than its limit for ever (indexing pressure, a circuit breaker), and calls it busy.
    fn again_smaller(&mut self, flight: Flight) {
        if flight.batch.len() > 1 && flight.bytes > self.pace.batch_bytes() {
            let halves = flight.batch.halve();
            return self.requeue_halves(flight, halves);
        }
        self.lane(&flight).requeue(flight.batch);
    }

    fn requeue_halves(&mut self, flight: Flight, (first, second): (Batch, Batch)) {
        self.counts.requests_halved += 1;
        let lane = self.lane(&flight);
        lane.requeue(second);
        lane.requeue(first);
        self.spare(flight.batch);
    }

    /// A server answered: it is there, and it takes requests.
    pub(super) fn answer(&mut self) {
        self.answered += 1;
        self.gate = super::Gate::default();
    }

    pub(super) fn close_gate(&mut self, now: Now, trouble: Trouble, wait: Wait, at_least_ms: Option<u64>) {
        let shut = now.mono_ms < self.gate.until_ms && self.gate.trouble.is_some();
        self.gate.trouble = Some(trouble);
        let asked = at_least_ms.map_or(0, |ms| ms.min(crate::limits::RETRY_AFTER_MAX_MILLIS));
        // Several failures of one round count once, but a longer wait that is asked for is kept.
        if !shut {
            self.gate.tries += 1;
            self.gate.until_ms = now.mono_ms + self.jitter.pause_ms(wait, self.gate.tries);
        }
        self.gate.until_ms = self.gate.until_ms.max(now.mono_ms + asked);
    }

    fn park(&mut self, now: Now, flight: &Flight, block: Block) {
        let lane = self.lanes.get_mut(&flight.index).expect("a lane with a request is never dropped");
        lane.park(block, now.mono_ms, &mut self.jitter);
    }

    /// Every document has its own verdict.
    fn each(&mut self, now: Now, flight: Flight, verdicts: &[Verdict], settled: &mut Vec<Settled>) {
        self.answer();
        let mut batch = flight.batch;
        let mut again = Again::default();
        let mut stored = false;
        let mut busy = false;
        for (position, verdict) in verdicts.iter().enumerate() {
            match *verdict {
                Verdict::Stored => {
                    stored = true;
                    self.store(&flight.index, &batch, position, settled);
                }
                Verdict::Conflict => self.conflict(&flight.index, &batch, position, settled),
                Verdict::Busy { in_doubt } => {
                    busy = true;
                    if in_doubt {
                        batch.doubt(position);
                    }
                    batch.copy_to(position, &mut again.busy);
                }
                Verdict::Blocked(block) => {
                    again.block = Some(block);
                    batch.copy_to(position, &mut again.blocked);
                }
                Verdict::Faulty { fault, field } => {
                    batch.entries[position].field = field;
                    self.faulty(&flight.index, &batch, position, fault, &mut again.second);
                }
                Verdict::Odd => {
                    batch.entries[position].oddities += 1;
                    batch.doubt(position);
                    let parked = batch.entries[position].oddities >= ODDITIES_BEFORE_PARKING;
                    batch.copy_to(position, if parked { &mut again.parked } else { &mut again.busy });
                }
            }
        }
        match busy {
            true => self.pace.busy(flight.submitted_ms, now.mono_ms),
            false => self.pace.answered(),
        }
        self.send_again(now, &flight.index, again, batch.tries + 1, stored);
        self.spare(batch);
    }

    /// Keeps the buffers of a batch that is done with, where they are large enough to be of use to the next ones, and where
    /// the others that are kept find room in the budget beside what is held.
    fn spare(&mut self, batch: Batch) {
        let kept: usize = self.spare.iter().map(Batch::room).sum();
        let is_of_use = batch.room() >= self.pace.batch_bytes();
        if is_of_use && self.held_bytes() + kept <= self.options.in_flight_bytes {
            self.spare.push(batch.into_room());
        }
    }

    pub(super) fn send_again(&mut self, now: Now, index: &str, mut again: Again, tries: u32, stored: bool) {
        let lane = self.lanes.get_mut(index).expect("a lane with a request is never dropped");
        self.counts.documents_retried +=
            (again.busy.len() + again.blocked.len() + again.parked.len() + again.second.len()) as u64;
        match again.block {
            Some(block) => lane.park(block, now.mono_ms, &mut self.jitter),
            None if stored => lane.parked = None,
            None => {}
        }
        again.busy.tries = tries;
        again.busy.not_before_ms = now.mono_ms + self.jitter.pause_ms(Wait::Busy, tries);
        again.parked.tries = tries;
        again.parked.parked = true;
        again.parked.not_before_ms = now.mono_ms + self.jitter.pause_ms(Wait::Parked, tries);
        for batch in [again.busy, again.parked, again.blocked, again.second] {
            lane.requeue(batch);
        }
    }

    pub(super) fn store(&mut self, index: &str, batch: &Batch, position: usize, settled: &mut Vec<Settled>) {
        let entry = &batch.entries[position];
        let done = Settled { span: entry.span, fate: Fate::Stored };
        match entry.form {
            Form::First => {}
            Form::Second { cut: false } => self.counts.second_form += 1,
            // The document is short of what did not fit, so the whole line is kept beside it before it is settled.
            Form::Second { cut: true } => {
                self.counts.second_form += 1;
                self.counts.second_form_cut += 1;
                let entry = refused::Entry::of(batch, position, index, Reason::SecondFormCut);
                return self.enqueue_refusal(Refusing { entry, settled: done });
            }
        }
        self.counts.documents_stored += 1;
        self.held_documents -= 1;
        settled.push(done);
    }

    fn conflict(&mut self, index: &str, batch: &Batch, position: usize, settled: &mut Vec<Settled>) {
        let entry = &batch.entries[position];
        if !(entry.in_doubt || entry.replayed) {
            let lane = self.lanes.get_mut(index).expect("a lane with a request is never dropped");
            return lane.ask(batch, position);
        }
        match entry.operation {
            Operation::Upsert { .. } => self.counts.superseded += 1,
            Operation::Create => self.counts.conflicts_explained += 1,
        }
        self.store(index, batch, position, settled);
    }

    /// Its own fault: the second form, then the refused file.
    fn faulty(&mut self, index: &str, batch: &Batch, position: usize, fault: Fault, again: &mut Batch) {
        let entry = &batch.entries[position];
        if entry.form == Form::First
            && let Some(form) = second::form(batch.source(entry), &batch.line(entry))
        {
            return batch.copy_second(position, &form.source, form.cut, again);
        }
        self.condemn(index, batch, position, fault);
    }

    /// To the refused file; when an earlier send of it may have been stored, only after an audit.
    pub(super) fn condemn(&mut self, index: &str, batch: &Batch, position: usize, fault: Fault) {
        let entry = batch.entries[position];
        if entry.in_doubt && entry.condemned.is_none() {
            let mut marked = batch.clone();
            marked.entries[position].condemned = Some(fault);
            let lane = self.lanes.get_mut(index).expect("a lane with a request is never dropped");
            return lane.ask(&marked, position);
        }
        *self.counts.refused_by.entry(fault).or_default() += 1;
        let settled = Settled { span: entry.span, fate: Fate::Refused };
        let entry = refused::Entry::of(batch, position, index, Reason::Fault(fault));
        self.enqueue_refusal(Refusing { entry, settled });
    }

    /// It may have happened. Again later with `index`; after several times in a row in halves.
    fn unknown(&mut self, now: Now, mut flight: Flight, doubt: Doubt) {
        self.counts.requests_unknown += 1;
        self.counts.replies_bad += u64::from(matches!(doubt, Doubt::Bad(_)));
        if matches!(doubt, Doubt::Lost(Lost::Timeout) | Doubt::Status(_)) {
            self.pace.busy(flight.submitted_ms, now.mono_ms);
        }
        doubt_all(&mut flight.batch, true);
        // Without other documents there is nobody to compare with; the audit shows whether the cluster answers.
        let alone = self.held_documents == flight.batch.len() as u64;
        let others_answered = alone || self.answered > flight.batch.answered_then;
        let batch = &mut flight.batch;
        batch.answered_then = self.answered;
        batch.tries += 1;
        if batch.len() > 1 || others_answered || batch.unknowns == 0 {
            batch.unknowns += 1;
        }
        batch.not_before_ms = now.mono_ms + self.jitter.pause_ms(Wait::Unreachable, batch.tries);
        let enough =
            if doubt == Doubt::Lost(Lost::Timeout) { HANGS_BEFORE_BLAME } else { UNKNOWNS_BEFORE_BLAME };
        if batch.len() == 1 && batch.unknowns > enough {
            return self.cut_down(now, flight, Fault::Hangs);
        }
        if batch.len() > 1
            && batch.unknowns >= UNKNOWNS_BEFORE_HALVING
            && (batch.suspect || self.suspects == 0)
        {
            return self.suspect_half(flight);
        }
        self.lane(&flight).requeue(flight.batch);
    }

    /// Only one batch at a time is cut down, and of it only one half at a time: when the whole cluster hangs, a few
    /// pieces come of it and not one request for each document.
    fn suspect_half(&mut self, flight: Flight) {
        let was = flight.batch.suspect;
        let (mut first, mut second) = flight.batch.halve();
        first.suspect = true;
        first.unknowns = UNKNOWNS_BEFORE_HALVING - 1;
        if first.len() == 1 {
            first.unknowns = 0;
        }
        second.suspect = false;
        second.unknowns = 0;
        self.suspects += usize::from(!was);
        self.requeue_halves(flight, (first, second));
    }

    /// One document in it is to blame for a definite answer: halves at once, or the second form of the last one.
    fn cut_down(&mut self, now: Now, mut flight: Flight, fault: Fault) {
        if flight.batch.len() > 1 {
            let (mut first, mut second) = flight.batch.halve();
            (first.not_before_ms, second.not_before_ms) = (0, 0);
            return self.requeue_halves(flight, (first, second));
        }
        if flight.batch.suspect {
            flight.batch.suspect = false;
            self.suspects -= 1;
        }
        let mut again = Again::default();
        self.faulty(&flight.index, &flight.batch, 0, fault, &mut again.second);
        self.send_again(now, &flight.index, again, 1, false);
    }
}

fn doubt_all(batch: &mut Batch, in_doubt: bool) {
    if in_doubt {
        (0..batch.len()).for_each(|position| batch.doubt(position));
    }
}
