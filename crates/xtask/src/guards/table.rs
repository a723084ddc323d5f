//! The guards of the layer, how each is taken away, and the test that must miss it.
//!
//! The letters are those of `docs/decisions/layer-ids.md`.

pub struct Guard {
    pub hazard: &'static str,
    /// What is gone.
    pub what: &'static str,
    /// File, text that occurs in it once, and what stands there instead.
    pub edits: &'static [(&'static str, &'static str, &'static str)],
    pub binary: &'static str,
    pub test: &'static str,
}

const LAYER: &str = "crates/correlog/src/layer/mod.rs";
const ORDER: &str = "crates/correlog/src/layer/order.rs";
const SCRATCH: &str = "crates/correlog/src/layer/scratch.rs";
const CURRENT: &str = "crates/correlog/src/ids/current.rs";
const IDS: &str = "crates/correlog/src/ids/mod.rs";
const JSON: &str = "crates/correlog/src/line/json.rs";
const INIT: &str = "crates/correlog/src/init/mod.rs";

const ASKABLE: (&str, &str, &str) = (ORDER, "    fn ask(", "    pub(super) fn ask(");
const KNOWN: (&str, &str, &str) = (
    LAYER,
    "if self.inactive_context {\n            let _ = self.dispatch",
    "{\n            let _ = self.dispatch",
);

pub const GUARDS: &[Guard] = &[
    Guard {
        hazard: "A",
        what: "the layer asks tracing-opentelemetry while an event is written",
        edits: &[
            ASKABLE,
            KNOWN,
            (
                LAYER,
                "let ids = current::ids();",
                "let ids = ctx.current_span().id().and_then(|id| self.ask(id));",
            ),
        ],
        binary: "hazards",
        test: "a_sampler_that_logs_does_not_hang_a_global_subscriber",
    },
    Guard {
        hazard: "B",
        what: "ids need `on_register_dispatch`",
        edits: &[
            KNOWN,
            (
                LAYER,
                "let ids = current::ids();",
                "let ids = self.dispatch.get().and_then(|_| current::ids());",
            ),
        ],
        binary: "ids",
        test: "eleven_kinds_of_events_under_every_sampler_wrapper_and_order",
    },
    Guard {
        hazard: "C",
        what: "a context of zeros counts as one",
        edits: &[(IDS, "context.is_valid().then(||", "true.then(||")],
        binary: "hazards",
        test: "a_tracer_that_does_nothing_gives_no_zeros",
    },
    Guard {
        hazard: "D",
        what: "no sentinel tells that the thread's context is gone",
        edits: &[(CURRENT, "SENTINEL.try_with(|_| ()).is_ok()", "true")],
        binary: "hazards",
        test: "an_event_in_a_thread_locals_destructor_does_not_abort",
    },
    Guard {
        hazard: "D",
        what: "a thread's first look is not caught",
        edits: &[(CURRENT, "catch_unwind(look)", "Ok::<_, ()>(look())")],
        binary: "hazards",
        test: "an_event_in_a_thread_locals_destructor_does_not_abort",
    },
    Guard {
        hazard: "D",
        what: "events of OpenTelemetry itself look at the context",
        edits: &[(CURRENT, "target.starts_with(\"opentelemetry\")", "target.is_empty()")],
        binary: "hazards",
        test: "leaked_contexts_do_not_end_the_service",
    },
    Guard {
        hazard: "E",
        what: "the current span is asked of the thread's dispatcher",
        edits: &[(
            LAYER,
            "let current = ctx.current_span();",
            "let current = tracing_core::dispatcher::get_default(Dispatch::current_span);",
        )],
        binary: "hazards",
        test: "a_scoped_subscriber_has_the_span_and_its_fields",
    },
    Guard {
        hazard: "F",
        what: "memory in use is borrowed again",
        edits: &[(SCRATCH, "cell.try_borrow_mut().ok()?;", "cell.borrow_mut();")],
        binary: "hazards",
        test: "a_value_that_logs_or_panics_while_it_is_formatted_harms_no_line",
    },
    Guard {
        hazard: "F",
        what: "the registry is locked while a value is formatted",
        edits: &[(
            LAYER,
            "node.record(self.fields(",
            "let _held = span.extensions_mut();\n        node.record(self.fields(",
        )],
        binary: "hazards",
        test: "a_value_that_logs_or_panics_while_it_is_formatted_harms_no_line",
    },
    Guard {
        hazard: "F",
        what: "a panic while a value is formatted is not caught",
        edits: &[(
            JSON,
            "catch_unwind(AssertUnwindSafe(|| write!(writer, \"{value:?}\")))",
            "Ok::<_, ()>(write!(writer, \"{value:?}\"))",
        )],
        binary: "hazards",
        test: "a_value_that_logs_or_panics_while_it_is_formatted_harms_no_line",
    },
    Guard {
        hazard: "G",
        what: "a look at an explicit parent starts it",
        edits: &[
            ASKABLE,
            KNOWN,
            (
                LAYER,
                "self.ids_of(node?, ctx)",
                "event.parent().and_then(|id| self.ask(id)).or_else(|| self.ids_of(node?, ctx))",
            ),
        ],
        binary: "ids",
        test: "eleven_kinds_of_events_under_every_sampler_wrapper_and_order",
    },
    Guard {
        hazard: "H",
        what: "the set-up uses tracing-opentelemetry's event filter, which prints",
        edits: &[(
            INIT,
            ".with_filter(filter_fn(move |meta| is_id_span(meta, span_level)));",
            ".with_counting_event_filter(LevelFilter::INFO);",
        )],
        binary: "service",
        test: "global::init_sets_up_everything_once",
    },
    Guard {
        hazard: "I",
        what: "a context that is not activated is not looked for",
        edits: &[(LAYER, "if ids.is_some() || !self.inactive_context {", "if true {")],
        binary: "ids",
        test: "a_context_that_is_not_activated_is_found_when_asked_for",
    },
];
