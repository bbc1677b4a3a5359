//! The compiling child process: good components come through, bombs end the child and not the host.

use crate::support::*;
use app::ports::components::{ComponentError, Components as _};
use bytes::Bytes;
use domain::component::Limits;
use runtime::{CompileLimits, Compiler, Options, Runtime};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wasm_encoder::{
    CodeSection, Component, Function, FunctionSection, Instruction, Module, ModuleSection, TypeSection,
    ValType,
};

/// Enough for small components, even beside other tests; far too little for the bombs.
fn limits() -> CompileLimits {
    CompileLimits { cpu_seconds: 3, memory_bytes: 2 << 30, wall: Duration::from_secs(60) }
}

fn runtime_with(compile_limits: CompileLimits) -> Runtime {
    let command = PathBuf::from(env!("CARGO_BIN_EXE_compile-component"));
    let compiler = Compiler::Child { command, arguments: Vec::new() };
    Runtime::new(Options { compiler, compile_limits, root_calls: 3, ..Options::in_process() }).unwrap()
}

async fn assert_good_compiles(runtime: &Runtime) {
    let digest = load(runtime, skill("good")).await.unwrap().digest;
    let outcome =
        runtime.call(request(digest, 1, Limits::default(), Arc::new(ScriptedHost::default()))).await;
    assert_eq!(json_of(outcome), json!("ok"));
}

/// A component with one module of this many functions of this many additions.
fn bomb(functions: u32, additions: u32) -> Bytes {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I64, ValType::I64], [ValType::I64]);
    let (mut declarations, mut code) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..functions {
        declarations.function(0);
        let mut function = Function::new([]);
        function.instruction(&Instruction::LocalGet(0));
        for number in 0..additions {
            function.instruction(&Instruction::LocalGet(1));
            function.instruction(if number % 3 == 0 { &Instruction::I64Mul } else { &Instruction::I64Add });
            function.instruction(&Instruction::LocalTee(number % 2));
        }
        function.instruction(&Instruction::End);
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&declarations).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    Bytes::from(component.finish())
}

#[tokio::test]
async fn a_component_is_compiled_in_a_child() {
    assert_good_compiles(&runtime_with(limits())).await;
}

#[tokio::test]
async fn what_the_compiler_refuses_is_told_with_the_place() {
    let runtime = runtime_with(limits());
    // Well-formed sections, but a function without a body that fits its type.
    let text = r#"(component (core module (func (result i32) unreachable)))"#;
    let mut bytes = wat::parse_str(text).unwrap();
    // `unreachable` becomes `drop`.
    let at = bytes.windows(2).position(|pair| pair == [0x00, 0x0b]).unwrap();
    bytes[at] = 0x1a;
    let error = load(&runtime, Bytes::from(bytes)).await.unwrap_err();
    assert!(matches!(&error, ComponentError::Invalid(text) if text.contains("at offset")), "{error}");
}

#[tokio::test]
async fn a_huge_function_and_a_huge_number_of_functions_run_out_of_processor_time() {
    let runtime = runtime_with(CompileLimits { cpu_seconds: 1, ..limits() });
    for bytes in [bomb(1, 1_200_000), bomb(400_000, 4)] {
        let error = load(&runtime, bytes).await.unwrap_err();
        assert!(
            matches!(&error, ComponentError::CompileLimit(text) if text.contains("processor time")),
            "{error}"
        );
    }
    // The same shapes, small.
    for bytes in [bomb(1, 100), bomb(100, 4)] {
        let error = load(&runtime, bytes).await.unwrap_err();
        assert!(
            matches!(&error, ComponentError::Invalid(text) if text.contains("does not export")),
            "{error}"
        );
    }
    assert_good_compiles(&runtime).await;
}

#[tokio::test]
async fn a_bomb_of_memory_runs_out_of_it() {
    let runtime = runtime_with(CompileLimits { cpu_seconds: 120, memory_bytes: 384 << 20, ..limits() });
    let error = load(&runtime, bomb(1, 1_200_000)).await.unwrap_err();
    assert!(matches!(&error, ComponentError::CompileLimit(text) if text.contains("memory limit")), "{error}");
    assert_good_compiles(&runtime).await;
}

#[tokio::test]
async fn components_that_multiply_at_each_level_are_stopped() {
    let runtime = runtime_with(CompileLimits { cpu_seconds: 2, memory_bytes: 1 << 30, ..limits() });
    let nested = |levels: usize| {
        let mut text =
            "(component (component $level0 (core module $empty) (core instance (instantiate $empty)))"
                .to_owned();
        for level in 1..=levels {
            let below = level - 1;
            let ten = format!("(instance (instantiate $below{below}))").repeat(10);
            text.push_str(&format!(
                "(component $level{level} (alias outer 1 $level{below} (component $below{below})) {ten})"
            ));
        }
        text.push_str(&format!("(instance (instantiate $level{levels})))"));
        Bytes::from(wat::parse_str(&text).unwrap())
    };
    let error = load(&runtime, nested(10)).await.unwrap_err();
    assert!(matches!(&error, ComponentError::CompileLimit(_)), "{error}");
    let small = load(&runtime, nested(1)).await.unwrap_err();
    assert!(matches!(&small, ComponentError::Invalid(text) if text.contains("does not export")), "{small}");
}

#[tokio::test]
async fn a_compiler_that_waits_dies_or_lies_is_told_apart() {
    let with = |script: &str| {
        let arguments = ["-c", script].map(std::ffi::OsString::from).to_vec();
        let compiler = Compiler::Child { command: PathBuf::from("/bin/sh"), arguments };
        let compile_limits = CompileLimits { wall: Duration::from_millis(500), ..limits() };
        Runtime::new(Options { compiler, compile_limits, root_calls: 1, ..Options::in_process() }).unwrap()
    };
    for (script, words) in [
        ("exec sleep 100", "the runtime failed: compiling took longer than"),
        ("kill -KILL $$", "the runtime failed: the compiler was killed from outside"),
        (
            "echo out of luck >&2; exit 1",
            "compiling was stopped: the compiler died, most likely at its memory limit of 2147483648 bytes (out of luck)",
        ),
        ("kill -XCPU $$", "compiling was stopped: it took more than 3 s of processor time"),
        ("exit 0", "the runtime failed: the compiler's answer is torn"),
        ("cat >/dev/null; printf '\\002no good'", "no good"),
    ] {
        let error = load(&with(script), skill("good")).await.unwrap_err().to_string();
        assert!(error.contains(words), "{script}: {error}");
    }
    let compiler = Compiler::Child { command: PathBuf::from("/nowhere/compiler"), arguments: Vec::new() };
    let missing = Runtime::new(Options { compiler, root_calls: 1, ..Options::in_process() }).unwrap();
    let error = load(&missing, skill("good")).await.unwrap_err();
    assert!(
        matches!(&error, ComponentError::Internal(text) if text.contains("/nowhere/compiler")),
        "{error}"
    );
}
