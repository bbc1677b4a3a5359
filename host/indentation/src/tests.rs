//! Each case was given to CPython 3.11 too, which says the same.

use super::problem;

#[test]
fn what_python_takes_is_fine() {
    for text in [
        "",
        "x = 1\n",
        "def f():\n    return 1\n\n\ndef g(): return 2\n",
        "def f(\n  a,\n      b,\n):\n    \"\"\"Text:\n  more\n\"\"\"\n    return {\n1: 2}\n",
        "if a:  # why:\n    x = \"#:\"\n  # a comment anywhere\n    y = 'it\\'s'\nelse:\n    pass",
        "class A:\n\n    x: int = 1\n\n    def f(self) -> int:\n        return 1 + \\\n            2\n",
        "x = 1 + \\\r\n    2\r\n",
        "s = '''a\n    b:\n'''\nt = 1\n",
        "if a:\n\tx = 1\n\tif b:\n\t\ty = 2\nz = 3\n",
        "if a:\n\tif b:\n\t    y = 2\n\tz = 3\n",
        "if a:\n  if b:\n      x = 1\n  y = 2\nz = 3\n",
        "if a:\n    pass\n\u{c}\ndef f(): pass\n",
        "if a: pass; b = 1\nc = 2\n",
        "\u{feff}x = 1\ny = 2\n",
        "x = {\n    'a': lambda: 1,\n}[\n'a']\n",
        "match x:\n    case 1:\n        pass\n    case _:\n        pass\n",
        "s = r'\\\\'\nif s:\n    pass\n",
    ] {
        assert_eq!(problem(text), None, "{text}");
    }
}

#[test]
fn what_python_refuses_is_named_with_its_line() {
    let mixed = |line: usize| {
        format!("line {line} mixes tabs and blanks, so that its level depends on the width of a tab")
    };
    for (text, expected) in [
        ("def f(): return 1\n    x = 2\n", "unexpected indent on line 2"),
        ("x = 1\n  y = 2\n", "unexpected indent on line 2"),
        ("  x = 1\n", "unexpected indent on line 1"),
        ("def f():\n    '''a\n  b'''\n    x = (1,\n2)\n      y = 2\n", "unexpected indent on line 6"),
        ("def f():\nreturn 1\n", "an indented block is missing before line 2"),
        ("def f():\n    # nothing\n\nx = 1\n", "an indented block is missing before line 4"),
        ("class A:\n    def f(self):\n    return 1\n", "an indented block is missing before line 3"),
        ("if a:\n        x = 1\n    y = 2\n", "line 3 is indented like no line before it"),
        ("if a:\n    if b:\n        x = 1\n      y = 2\n", "line 4 is indented like no line before it"),
        ("def f():\n", "the last block is missing"),
        ("if a:\n    pass\nelse:\n    # later\n", "the last block is missing"),
        ("if a:\n\tx = 1\n        y = 2\n", &mixed(3)),
        ("if a:\n        if b:\n\t    x = 1\n", &mixed(3)),
    ] {
        assert_eq!(problem(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_followed_is_not_judged() {
    for text in [
        "x = 'open\n    y = 1\n",
        "x = (1\n    y\n",
        "x = )\n  y\n",
        "x = 1 \\ 2\n  y = 1\n",
        "    \\\nx = 1\n",
    ] {
        assert_eq!(problem(text), None, "{text}");
    }
}
