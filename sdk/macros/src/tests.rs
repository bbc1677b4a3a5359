//! What authors are told when something is missing or misspelled.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::arguments::Arguments;

fn skill(arguments: &str, module: &str) -> Result<String, String> {
    let arguments: Arguments = syn::parse_str(arguments).map_err(|error| error.to_string())?;
    let module = syn::parse_str(module).unwrap();
    crate::skill::expand(&arguments, module)
        .map(|tokens| tokens.to_string())
        .map_err(|error| error.to_string())
}

fn personality(item: &str) -> Result<String, String> {
    let item = syn::parse_str(item).unwrap();
    crate::personality::expand(&Arguments::default(), item)
        .map(|tokens| tokens.to_string())
        .map_err(|error| error.to_string())
}

fn schema(item: &str) -> Result<String, String> {
    let item = syn::parse_str(item).unwrap();
    crate::schema::derive(&item).map(|tokens| tokens.to_string()).map_err(|error| error.to_string())
}

const GOOD: &str = "/// A skill.\nmod a { /** A tool. */ #[tool(read_only)] fn x(y: u8) -> u8 { y } }";

#[test]
fn skills_that_do_not_work_are_refused_with_the_way_out() {
    assert!(skill("capabilities(kv(quota = 10, \"x\"))", GOOD).unwrap().contains("skep:plugin"));
    for (arguments, module, expected) in [
        ("nam = \"x\"", GOOD, "`nam` is not known here; there are name, id, config"),
        ("id = \"x\"", GOOD, "a skill has a `name`"),
        (
            "capabilities(files(write, \"x\"))",
            GOOD,
            "`write` does not belong here; write files(read | read_write",
        ),
        ("capabilities(files(\"x\"))", GOOD, "`files` needs `read` or `read_write`"),
        (
            "capabilities(http(hosts(\"a\"), header(\"x\"), \"x\"))",
            GOOD,
            "`header` takes its place and the secret's name",
        ),
        ("capabilities(kv(quota = 1, header(\"x\", \"KEY\"), \"x\"))", GOOD, "`header` does not belong here"),
        ("capabilities(http(methods(\"GET\"), \"x\"))", GOOD, "`http` needs `hosts(…)`"),
        (
            "capabilities(model(tiers(\"core\")))",
            GOOD,
            "say for the operator who grants it why `model` is needed",
        ),
        ("capabilities(model(\" \"))", GOOD, "say for the operator"),
        ("capabilities(kv(\"x\"))", GOOD, "`kv` needs `quota = BYTES`"),
        ("capabilities(clock(\"x\"))", GOOD, "it is always there"),
        ("capabilities(disk(\"x\"))", GOOD, "there are files, http, model, kv, tools, agents, secrets"),
        ("limits(memory = 1)", GOOD, "there are memory_mib and wall_ms"),
        ("", "mod a { /** A. */ #[tool] fn x() {} }", "describe this skill"),
        ("", "/** A. */ mod a { #[tool] fn x() {} }", "describe this tool"),
        ("", "/** A. */ mod a { fn x() {} }", "at least one function with #[tool]"),
        ("", "/** A. */ mod a;", "needs the module's content"),
        (
            "",
            "/** A. */ mod a { /** A. */ #[tool(readonly)] fn x() {} }",
            "`readonly` is not known here; there are read_only",
        ),
        (
            "",
            "/** A. */ mod a { /** A. */ #[tool(retry = \"yes\")] fn x() {} }",
            "retry is \"safe\" or \"never\"",
        ),
        ("", "/** A. */ mod a { /** A. */ #[tool(read_only, destructive)] fn x() {} }", "cannot be both"),
        ("", "/** A. */ mod a { /** A. */ #[tool] async fn x() {} }", "a tool is not async"),
        ("", "/** A. */ mod a { /** A. */ #[tool] fn x<T>(y: T) {} }", "no generic parameters"),
        ("", "/** A. */ mod a { /** A. */ #[tool] fn x((a, b): (u8, u8)) {} }", "needs a name"),
        (
            "",
            "/** A. */ mod a { /** A. */ #[tool] fn x() {} /** B. */ #[tool(name = \"x\")] fn y() {} }",
            "two tools `x`",
        ),
    ] {
        let message = skill(arguments, module).unwrap_err();
        assert!(message.contains(expected), "{arguments} {module}\n{message}");
    }
}

const GENERATE: &str =
    "fn generate(i: &GenerateInput<Self>, c: &Context) -> Result<Generation<Plan>> { todo!() }";

#[test]
fn personalities_that_do_not_work_are_refused_with_the_way_out() {
    assert!(
        personality(&format!("/** A. */ impl Personality for A {{ {GENERATE} }}"))
            .unwrap()
            .contains("type Generate = Plan")
    );
    for (item, expected) in [
        (format!("impl Personality for A {{ {GENERATE} }}"), "describe this personality"),
        ("/** A. */ impl Personality for A {}".to_owned(), "at least the phase `generate`"),
        (
            format!("/** A. */ impl Personality for A {{ type Review = u8; {GENERATE} }}"),
            "a type `Review` but no function `review`",
        ),
        (
            "/** A. */ impl Personality for A { fn generate() -> Answer { todo!() } }".to_owned(),
            "write it like Result<Generation<YourType>>",
        ),
        ("/** A. */ mod a { }".to_owned(), "there is no `impl Personality for …`"),
        ("struct A;".to_owned(), "belongs on `impl Personality for Type`"),
    ] {
        let message = personality(&item).unwrap_err();
        assert!(message.contains(expected), "{item}\n{message}");
    }
}

#[test]
fn schemas_that_cannot_be_followed_are_refused_with_the_way_out() {
    assert!(
        schema(
            "struct A { #[schema(json = \"{\\\"type\\\":\\\"string\\\"}\")] #[serde(with = \"x\")] a: B }"
        )
        .is_ok()
    );
    for (item, expected) in [
        ("struct A { #[serde(with = \"x\")] a: B }", "say what the JSON looks like with #[schema(json"),
        ("struct A { #[serde(flatten)] a: B }", "say what the JSON looks like"),
        ("struct A { #[schema(json = \"{\")] a: B }", "this is not JSON"),
        ("struct A { #[schema(json = \"[]\")] a: B }", "a schema is a JSON object"),
        ("struct A { #[schema(max = 3)] a: u8 }", "`max` is not a schema attribute; there are json, minimum"),
        ("struct A { #[schema(minimum = \"3\")] a: u8 }", "this is not a number"),
        ("#[serde(rename_all = \"camel\")] struct A { a: u8 }", "serde has no rename rule `camel`"),
        (
            "struct A { #[serde(rename(serialize = \"b\", deserialize = \"c\"))] a: u8 }",
            "the same name for both",
        ),
        ("#[serde(tag = \"t\")] enum A { B(u8) }", "write `Variant { … }`"),
        ("union A { a: u8 }", "no form for unions"),
    ] {
        let message = schema(item).unwrap_err();
        assert!(message.contains(expected), "{item}\n{message}");
    }
}
