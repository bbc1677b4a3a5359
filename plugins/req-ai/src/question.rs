//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::{Question, Tokens};
use skep_sdk::prelude::{Brief, Scope};

pub(crate) fn research(brief: &Brief) -> Question {
    Question::new(
        brief,
        "You gather requirements. What does the TASK ask for? Say it in one short sentence, then one or two facts.",
        "You gather requirements. State the goal of the task: what shall be different afterwards, for whom. \
List the facts that matter: what the task says, what the files suggest, which assumption you make where it is silent \
(begin such a line with `Assumed:`). Do not solve the task yet.",
        r#"{"goal":"","facts":[""]}"#,
        Tokens { demo: 120, deep: 700 },
    )
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    Question::new(
        brief,
        "Can this be done by changing files of a project? What may go wrong?",
        "Can this be done by changing files of the project? What may go wrong: behaviour that others rely on, data, security, \
words of the task that can be read in two ways? One risk a line, the worst first.",
        r#"{"doable":true,"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

pub(crate) fn generate(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "Write the requirements. Each is one sentence that a test can decide. Constraints: what must stay as it is, \
compatibility, limits of time, size and security. Acceptance: what one does and what one sees then, errors and edge cases too. \
Out of scope: what a reader could expect but is not asked for."
    } else {
        "Write the requirements. Each is one sentence that a test can decide. Constraints: what must stay as it is. \
Acceptance: what one does and what one sees then. Out of scope: what is not asked for."
    };
    Question::new(
        brief,
        "Write the requirements of the TASK, one or two short lines each: what must be true, what must stay, how one sees it is done, what is not asked.",
        deep,
        r#"{"requirements":[""],"constraints":[""],"acceptance":[""],"out_of_scope":[""]}"#,
        Tokens { demo: 240, deep: 1_800 },
    )
}

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What is still unclear in the task? One short question, or none.",
        "Which questions are open that only the person who asked can answer, and would change the result? None is a good answer.",
        r#"{"open_questions":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

pub(crate) fn review(brief: &Brief) -> Question {
    Question::new(
        brief,
        "Do the requirements cover the task? Why?",
        "Do these requirements cover everything that the task asks for, and nothing else? Give the reason: name what is missing or too much.",
        r#"{"covered":true,"reason":""}"#,
        Tokens { demo: 60, deep: 400 },
    )
}
