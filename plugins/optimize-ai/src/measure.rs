//! What a file costs, read from its text: how deep loops are nested, what is expensive inside of them, how much there is to read. No
//! parser and no run: the same measure for two versions of one file says which does less.

use rigor::paths;

use crate::details::Cost;

/// A loop in a loop counts this many times as much as one alone.
const FACTOR: u32 = 4;
/// Nesting beyond this counts no more.
const DEEPEST: u32 = 6;

/// What is expensive when it is repeated: what it is called, and the texts that show it.
const EXPENSIVE: [(&str, &[&str]); 7] = [
    (
        "a query in a loop",
        &[
            ".execute(",
            ".query(",
            ".query_row(",
            ".findOne(",
            ".find_one(",
            ".objects.get(",
            ".objects.filter(",
            "session.get(",
            ".fetchone(",
            ".findUnique(",
            ".findById(",
        ],
    ),
    (
        "a request in a loop",
        &["requests.", "urlopen(", "fetch(", "axios.", "http.Get(", "httpx.", "reqwest::"],
    ),
    (
        "a file opened in a loop",
        &["open(", "File::open(", "readFileSync(", "os.ReadFile(", "read_to_string("],
    ),
    (
        "a pattern compiled in a loop",
        &["re.compile(", "Regex::new(", "new RegExp(", "regexp.MustCompile(", "Pattern.compile("],
    ),
    ("a sort in a loop", &["sorted(", ".sort(", ".sort_by", "sort.Slice(", "Collections.sort("]),
    (
        "a search through a list in a loop",
        &[".index(", ".indexOf(", ".includes(", ".count(", ".iter().find(", ".iter().position("],
    ),
    (
        "a copy in a loop",
        &["deepcopy(", ".insert(0,", ".insert(0 ,", ".unshift(", "JSON.parse(JSON.stringify("],
    ),
];

/// Languages whose loops are told by indentation, and those whose loops are told by braces.
fn is_indented(path: &str) -> bool {
    paths::ending(path) == "py"
}

/// True for code that is measured.
pub(crate) fn is_measured(path: &str) -> bool {
    matches!(
        paths::ending(path),
        "py" | "js"
            | "mjs"
            | "cjs"
            | "jsx"
            | "ts"
            | "tsx"
            | "rs"
            | "go"
            | "java"
            | "cs"
            | "c"
            | "cc"
            | "cpp"
            | "php"
            | "kt"
            | "swift"
    ) && !paths::is_test(path)
}

/// One function with what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: u32,
    pub(crate) work: u32,
    pub(crate) branches: u32,
    pub(crate) depth: u32,
    pub(crate) repeated: Vec<(usize, &'static str)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Loop,
    /// Its place in the list.
    Function(usize),
    Other,
}

struct Walk {
    functions: Vec<Function>,
    /// What is open, with the indent of its head.
    blocks: Vec<(Kind, usize)>,
    ending: String,
}

/// The functions of a file; what stands outside of all of them is the first, without a name.
pub(crate) fn functions(path: &str, text: &str) -> Vec<Function> {
    let first = Function { line: 1, ..Function::default() };
    let mut walk =
        Walk { functions: vec![first], blocks: Vec::new(), ending: paths::ending(path).to_owned() };
    if is_indented(path) {
        walk.indented(text)
    } else {
        walk.braced(text)
    }
    walk.functions
}

/// The cost of a file.
pub(crate) fn cost(path: &str, text: &str) -> Cost {
    let mut cost = Cost { path: path.to_owned(), ..Cost::default() };
    for function in functions(path, text) {
        cost.work = cost.work.saturating_add(function.work);
        cost.size = cost.size.saturating_add(function.branches).saturating_add(function.lines);
        cost.depth = cost.depth.max(function.depth);
        if !function.name.is_empty() {
            cost.longest = cost.longest.max(function.lines);
        }
        cost.repeated.extend(function.repeated.iter().map(|(line, what)| format!("{path}:{line}: {what}")));
    }
    cost
}

impl Walk {
    fn depth(&self) -> u32 {
        // A function inside of a loop begins anew only where it is called; here it counts as inside.
        u32::try_from(self.blocks.iter().filter(|(kind, _)| *kind == Kind::Loop).count())
            .unwrap_or(DEEPEST)
            .min(DEEPEST)
    }

    fn current(&mut self) -> Option<&mut Function> {
        let place = self.blocks.iter().rev().find_map(|(kind, _)| match kind {
            Kind::Function(place) => Some(*place),
            _ => None,
        });
        self.functions.get_mut(place.unwrap_or(0))
    }

    fn begin(&mut self, name: &str, line: usize) -> Kind {
        self.functions.push(Function { name: name.to_owned(), line, ..Function::default() });
        Kind::Function(self.functions.len() - 1)
    }

    /// Counts a loop that begins here, at this nesting from 1.
    fn count_loop(&mut self, nesting: u32) {
        let nesting = nesting.clamp(1, DEEPEST);
        if let Some(function) = self.current() {
            function.work = function.work.saturating_add(FACTOR.saturating_pow(nesting - 1));
            function.depth = function.depth.max(nesting);
        }
    }

    /// Counts what stands on a line; `inside` is how many loops are around it.
    fn count_line(&mut self, number: usize, code: &str, raw: &str, inside: u32) {
        let inline = inline_loops(code, &self.ending);
        for level in 1..=inline {
            self.count_loop(inside + level);
        }
        let around = (inside + inline).min(DEEPEST);
        let grows = grows(code, raw, &self.ending);
        let branches = branches(code);
        let Some(function) = self.current() else { return };
        function.lines += 1;
        function.branches = function.branches.saturating_add(branches);
        if around == 0 {
            return;
        }
        let found = EXPENSIVE
            .iter()
            .filter(|(_, texts)| texts.iter().any(|text| is_called(code, text)))
            .map(|(what, _)| *what);
        for what in found.chain(grows.then_some("a text that grows in a loop")) {
            function.work = function.work.saturating_add(2 * FACTOR.saturating_pow(around));
            function.repeated.push((number, what));
        }
    }

    fn indented(&mut self, text: &str) {
        let mut quoted: Option<&str> = None;
        let mut open = 0_i32;
        for (number, raw) in (1..).zip(text.lines()) {
            // Texts over many lines say nothing about work.
            if let Some(end) = quoted {
                if raw.contains(end) {
                    quoted = None;
                }
                continue;
            }
            let trimmed = raw.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            for quote in ["\"\"\"", "'''"] {
                if raw.matches(quote).count() % 2 == 1 {
                    quoted = Some(quote);
                }
            }
            let code = without_texts(raw, '#', true);
            let column = raw.len() - trimmed.len();
            if open == 0 {
                while self.blocks.last().is_some_and(|(_, head)| *head >= column) {
                    self.blocks.pop();
                }
            }
            let inside = self.depth();
            let words = trimmed.strip_prefix("async ").unwrap_or(trimmed);
            let goes_on = open > 0;
            open += brackets(&code);
            if !goes_on && (words.starts_with("for ") || words.starts_with("while ")) {
                // What is looped over is taken once.
                self.count_line(
                    number,
                    words.split_once(" in ").map_or(code.as_str(), |(_, rest)| rest),
                    raw,
                    inside,
                );
                self.blocks.push((Kind::Loop, column));
                self.count_loop(inside + 1);
            } else if !goes_on && (words.starts_with("def ") || words.starts_with("class ")) {
                let name = words.split([' ', '(', ':']).nth(1).unwrap_or_default().to_owned();
                let kind = if words.starts_with("def ") { self.begin(&name, number) } else { Kind::Other };
                self.blocks.push((kind, column));
                if let Some(function) = self.current() {
                    function.lines += 1;
                }
            } else {
                self.count_line(number, &code, raw, inside);
            }
        }
    }

    fn braced(&mut self, text: &str) {
        let mut head = String::new();
        let mut comment = false;
        for (number, raw) in (1..).zip(text.lines()) {
            let trimmed = raw.trim();
            if comment {
                comment = !trimmed.contains("*/");
                continue;
            }
            if trimmed.starts_with("/*") {
                comment = !trimmed.contains("*/");
                continue;
            }
            if trimmed.is_empty() || trimmed.starts_with("//") {
                continue;
            }
            let code = without_texts(raw, '/', self.ending != "rs");
            let inside = self.depth();
            for letter in code.chars() {
                match letter {
                    '{' => {
                        let kind = self.kind_of(&head, number);
                        if kind == Kind::Loop {
                            self.count_loop(self.depth() + 1);
                        }
                        self.blocks.push((kind, 0));
                        head.clear();
                    }
                    '}' => {
                        self.blocks.pop();
                        head.clear();
                    }
                    // The semicolons of `for (a; b; c)` do not end it.
                    ';' if head.matches('(').count() <= head.matches(')').count() => head.clear(),
                    letter => head.push(letter),
                }
            }
            head.push(' ');
            // The head of a loop is worked off once for each of the loops around it; its body on the same line is inside.
            let opens = self.depth() > inside;
            let counted =
                if opens { code.split_once('{').map_or("", |(_, body)| body) } else { code.as_str() };
            self.count_line(number, counted, raw, if opens { self.depth() } else { inside });
        }
    }

    fn kind_of(&mut self, head: &str, number: usize) -> Kind {
        let head = head.trim();
        if is_loop_head(head, &self.ending) {
            return Kind::Loop;
        }
        if let Some(name) = function_name(head) {
            return self.begin(&name, number);
        }
        let calls =
            [".forEach(", ".map(", ".filter(", ".for_each(", ".flatMap(", ".reduce(", ".some(", ".every("];
        if calls.iter().any(|call| head.contains(call)) {
            return Kind::Loop;
        }
        Kind::Other
    }
}

fn is_loop_head(head: &str, ending: &str) -> bool {
    let head = head.rsplit(") =>").next().unwrap_or(head).trim_start();
    // Labels come before loops.
    let head = head
        .split_once(": ")
        .filter(|(label, _)| label.chars().all(|letter| letter.is_alphanumeric() || "'_".contains(letter)))
        .map_or(head, |(_, rest)| rest);
    match ending {
        "rs" => {
            head.starts_with("for ") && head.contains(" in ") || head.starts_with("while ") || head == "loop"
        }
        "go" => head == "for" || head.starts_with("for "),
        _ => {
            ["for (", "for(", "while (", "while(", "for await", "foreach (", "foreach(", "for "]
                .iter()
                .any(|word| head.starts_with(word))
                || head == "do"
        }
    }
}

/// The name of the function whose head this is.
fn function_name(head: &str) -> Option<String> {
    let named = |text: &str| {
        let name: String = text
            .trim_start()
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_' || *letter == '$')
            .collect();
        (!name.is_empty()).then_some(name)
    };
    for word in ["fn ", "func ", "function "] {
        if let Some((before, after)) = head.split_once(word)
            && before.chars().next_back().is_none_or(|letter| !letter.is_alphanumeric())
        {
            // The receiver of a method stands before its name in Go.
            let after = if after.starts_with('(') {
                after.split_once(')').map_or(after, |(_, rest)| rest)
            } else {
                after
            };
            return Some(named(after).unwrap_or_else(|| "anonymous".to_owned()));
        }
    }
    if head.ends_with("=>") && !head.contains('.') {
        let name = head.split('=').next().unwrap_or_default();
        return named(name.rsplit(' ').find(|part| !part.is_empty()).unwrap_or_default());
    }
    // `int add(int a, int b)`, `add(a, b)` of a class.
    let (before, _) = head.split_once('(')?;
    let name = before.rsplit([' ', '*', '&']).next().unwrap_or_default();
    let is_word = [
        "if",
        "for",
        "while",
        "switch",
        "catch",
        "match",
        "return",
        "else",
        "synchronized",
        "using",
        "lock",
        "with",
    ]
    .contains(&name);
    let plain = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    (plain
        && !is_word
        && !before.contains('=')
        && !head.contains("new ")
        && head.ends_with([')', 't', 'd', 'e', 'n', ' ']))
    .then(|| name.to_owned())
}

/// Loops inside of an expression.
fn inline_loops(code: &str, ending: &str) -> u32 {
    let count = |texts: &[&str]| texts.iter().map(|text| code.matches(text).count()).sum::<usize>();
    let found = if ending == "py" {
        let trimmed = code.trim_start();
        let all = code.matches(" for ").count();
        // `for x in y:` is no expression.
        all.saturating_sub(usize::from(trimmed.starts_with("for ") && code.starts_with(" for ")))
    } else if code.trim_end().ends_with('{') || code.trim_end().ends_with('(') {
        0
    } else {
        usize::from(
            count(&[
                ".map(",
                ".filter(",
                ".forEach(",
                ".reduce(",
                ".some(",
                ".every(",
                ".any(",
                ".all(",
                ".flat_map(",
                ".filter_map(",
                ".for_each(",
                ".fold(",
            ]) > 0,
        )
    };
    u32::try_from(found).unwrap_or(DEEPEST).min(DEEPEST)
}

fn branches(code: &str) -> u32 {
    let words = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let words = words
        .filter(|word| matches!(*word, "if" | "elif" | "case" | "except" | "catch" | "and" | "or" | "match"))
        .count();
    let signs = code.matches("&&").count() + code.matches("||").count() + code.matches(" ? ").count();
    u32::try_from(words + signs).unwrap_or(u32::MAX)
}

/// True if the text stands there as a call of its own: `reopen(` is not `open(`.
fn is_called(code: &str, text: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(text).any(|(at, _)| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        text.starts_with('.')
            || !before.is_some_and(|letter| is_part(letter) || (letter == '.' && text == "open("))
    })
}

/// True if a text is made longer piece by piece.
fn grows(code: &str, raw: &str, ending: &str) -> bool {
    if matches!(ending, "rs" | "c") {
        return false;
    }
    let added = code.split_once("+=").map(|(_, right)| right.trim_start());
    if let Some(right) = added {
        let is_text = right.starts_with(['"', '\'', '`'])
            || ["str(", "f\"", "f'", "String(", ".toString(", "repr("]
                .iter()
                .any(|call| right.contains(call))
            || right.contains("\"");
        return is_text;
    }
    // `text = text + "…"`.
    let Some((left, right)) = code.split_once(" = ") else { return false };
    let name = left.trim().rsplit(' ').next().unwrap_or_default();
    !name.is_empty()
        && right.trim_start().starts_with(&format!("{name} + "))
        && raw.contains(['"', '\'', '`'])
}

/// How many brackets a line leaves open.
fn brackets(code: &str) -> i32 {
    let count = |letters: &[char]| i32::try_from(code.matches(letters).count()).unwrap_or(0);
    count(&['(', '[', '{']) - count(&[')', ']', '}'])
}

/// A line with empty texts and without its comment.
fn without_texts(line: &str, comment: char, single: bool) -> String {
    let mut code = String::new();
    let mut quote: Option<char> = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match quote {
            Some(end) if letter == end => {
                quote = None;
                code.push(letter);
            }
            Some(_) if letter == '\\' => {
                letters.next();
            }
            Some(_) => {}
            None if letter == '#' && comment == '#' => break,
            None if letter == '/' && comment == '/' && letters.peek() == Some(&'/') => break,
            // A lifetime of Rust has no end; the brace in a character has to go.
            None if letter == '\'' && !single => {
                if letters.peek().is_some_and(|next| matches!(next, '{' | '}')) {
                    letters.next();
                }
            }
            None if matches!(letter, '"' | '\'' | '`') => {
                quote = Some(letter);
                code.push(letter);
            }
            None => code.push(letter),
        }
    }
    code
}
