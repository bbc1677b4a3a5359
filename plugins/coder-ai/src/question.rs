//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::material::Material;
use rigor::talk::{bullets, cut, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::details;

const CREATION: &str = r#"{"files":[{"path":"","content":""}],"summary":""}"#;
const CHANGE: &str =
    r#"{"edits":[{"path":"","find":"","replace":""}],"files":[{"path":"","content":""}],"summary":""}"#;
/// A small model fills in whatever the form shows, so at demo it sees new files only where the task may want one.
const EDIT: &str = r#"{"edits":[{"path":"","find":"","replace":""}],"summary":""}"#;
const NEW: [&str; 6] = ["add", "create", "document", "generate", "new", "write"];

pub(crate) fn research(brief: &Brief, candidates: &[String]) -> Question {
    let deep = is_deep(brief);
    let mut text = String::new();
    let mut show = |personality: &str, fields: &[(&str, &str)], most: usize| {
        text.push_str(&earlier::shown(brief, personality, fields, most));
    };
    if deep {
        let required =
            [("requirements", "Requirements"), ("constraints", "Constraints"), ("acceptance", "Done when")];
        show("req-ai", &required, 3_000);
        show("security-ai", &[("mend", "Security findings that your change has to mend")], 4_000);
        show("planner-ai", &[("steps", "Plan")], 2_000);
        show("architect-ai", &[("files", "Files"), ("interfaces", "Interfaces")], 2_000);
    } else {
        show("req-ai", &[("requirements", "Requirements")], 220);
        show("security-ai", &[("mend", "Security findings to mend")], 300);
        show("planner-ai", &[("steps", "Plan")], 160);
    }
    // In a round of repair, the work of the round before is what stands in the files.
    let before = earlier::details(brief, "coder-ai");
    if let Some(summary) = before.get("summary").and_then(|summary| summary.as_str()) {
        text.push_str(&format!(
            "Your change of the last round is in the files already: {}\n",
            cut(summary, 300)
        ));
    }
    if !candidates.is_empty() {
        text.push_str(&format!("Files that look relevant: {}\n", candidates.join(", ")));
    }
    let question = Question::new(
        brief,
        "You change the code. What has to change, and which files must you read first?",
        "You change the code. What has to change, where, and why would that serve the requirements? Which files of the project must you \
read before you change anything? Name only files that are listed.",
        r#"{"idea":"","files":[""]}"#,
        Tokens { demo: 100, deep: 600 },
    );
    question.after(&text)
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What may this change break? Short.",
        "What may this change break, and which case is easily forgotten? One risk a line.",
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

pub(crate) fn generate(brief: &Brief, material: &Material, creation: bool) -> Question {
    let deep = is_deep(brief);
    let form = form(brief, creation);
    let findings = if brief.findings.is_empty() {
        String::new()
    } else {
        let failed: Vec<String> =
            brief.findings.iter().map(|gate| format!("{}: {}", gate.name, gate.evidence)).collect();
        format!(
            "These checks failed and must hold after your change; if nothing can mend them, leave the lists empty:\n{}",
            bullets(&failed, if deep { 4_000 } else { 600 })
        )
    };
    let rules = match (creation, deep) {
        (true, false) => {
            "Write the new file that the TASK asks for. content is the complete working file with everything that the TASK asks for, not a description of \
it. summary: what the user gets."
        }
        (true, true) => {
            "Make the change: new files with their whole content, complete and working, no placeholders. The summary is one sentence that \
says what is different for the person who asked."
        }
        (false, false) if wants_file(brief) => {
            "Make the change. edits: find is text copied exactly from a file above, replace is what stands there instead. files: a new file, complete. \
summary: what the user gets."
        }
        (false, false) => {
            "Make the change. find: the wrong line, copied exactly from a file above. replace: the corrected line. summary: what is better now."
        }
        (false, true) => {
            "Make the change, as small as serves the task, complete and working, no placeholders. `edits` change existing files: `find` is \
copied exactly from the file (indentation too) and long enough to stand there only once; `replace` stands there instead. Leave out all lines that do not \
change. `files` holds new files with their whole content; leave it empty if there are none. Do not change tests to make them pass. The summary is one \
sentence that says what is different for the person who asked."
        }
    };
    // A small model holds on to what it read last.
    let task = cut(&brief.task, if deep { 2_000 } else { 400 });
    whole_change(format!("{}{findings}TASK: {task}\n{rules}\nJSON: {form}", material.text))
}

/// At demo about a quarter of a minute of the embedded model.
fn whole_change(text: String) -> Question {
    Question { text, tokens: Tokens { demo: 420, deep: 6_000 } }
}

fn form(brief: &Brief, creation: bool) -> &'static str {
    match creation {
        true => CREATION,
        false if is_deep(brief) || wants_file(brief) => CHANGE,
        false => EDIT,
    }
}

fn wants_file(brief: &Brief) -> bool {
    let task = brief.task.to_lowercase();
    task.split(|character: char| !character.is_alphanumeric()).any(|word| NEW.contains(&word))
}

pub(crate) fn repair(brief: &Brief, problems: &[String], creation: bool) -> Question {
    let problems: Vec<String> = problems.iter().map(|problem| cut(problem, 300)).collect();
    whole_change(format!(
        "Your change cannot be made:\n{}Answer again with the whole change, corrected.\nJSON: {}",
        bullets(&problems, 1_500),
        form(brief, creation)
    ))
}

pub(crate) fn check(shown: &str) -> Question {
    whole_change(format!(
        "After your change the files are:\n{shown}Read them as a reviewer would: does the change serve every requirement, also in the case that is easily \
forgotten? If something is wrong, correct it with `edits` (`find` from the files as they are now); if not, leave `edits` and `files` empty. The summary \
is that of the whole change.\nJSON: {CHANGE}"
    ))
}

fn changed(done: &details::Changed, most: usize) -> String {
    let files: Vec<String> = done
        .changes
        .iter()
        .map(|change| {
            format!(
                "{} {} (+{} -{} lines)",
                change.change, change.path, change.lines_added, change.lines_removed
            )
        })
        .collect();
    format!("Done: {}\n{}", cut(&done.summary, 300), bullets(&files, most))
}

pub(crate) fn optimize(brief: &Brief, done: &details::Changed) -> Question {
    let question = Question::new(
        brief,
        "Could it be simpler? One short sentence.",
        "Could the change be simpler or cheaper to run? Say what it would save, or why not.",
        r#"{"note":""}"#,
        Tokens { demo: 60, deep: 300 },
    );
    question.after(&changed(done, if is_deep(brief) { 1_500 } else { 200 }))
}

pub(crate) fn review(brief: &Brief, done: &details::Changed) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "What should a reader of the change look at first, what is it not tested for, and how is it undone? One or two sentences."
    } else {
        "What should a reader of the change look at first? One sentence."
    };
    let question = Question::new(
        brief,
        "What should a reader of the change check? One short sentence.",
        deep,
        r#"{"remark":""}"#,
        Tokens { demo: 60, deep: 300 },
    );
    question.after(&changed(done, if is_deep(brief) { 1_500 } else { 200 }))
}
