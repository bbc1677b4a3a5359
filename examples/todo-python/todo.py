"""A to-do list in a JSON file.

    python todo.py add "water the plants" --due 2026-03-01
    python todo.py list
    python todo.py done 1
"""

import argparse
import datetime
import json
import pathlib
import sys


class TodoList:
    """Items with a number, a text, perhaps a day by which they are due, and whether they are done."""

    def __init__(self, items=None):
        self.items = list(items or [])

    def add(self, text, due=None):
        """Add an item; answer its number."""
        text = text.strip()
        if not text:
            raise ValueError("an item needs a text")
        number = max((item["number"] for item in self.items), default=0) + 1
        self.items.append({"number": number, "text": text, "due": due, "done": False})
        return number

    def done(self, number):
        """Mark an item as done."""
        for item in self.items:
            if item["number"] == number:
                item["done"] = True
                return item
        raise KeyError(f"there is no item {number}")

    def overdue(self, today):
        """Open items whose day has passed, oldest first. An item that is due today has its whole day left."""
        dated = [item for item in self.items if item["due"] is not None and not item["done"]]
        late = [item for item in dated if item["due"] <= today.isoformat()]
        return sorted(late, key=lambda item: item["due"])


def load(path):
    """The list in a file; an empty one if there is no file."""
    if not path.exists():
        return TodoList()
    return TodoList(json.loads(path.read_text(encoding="utf-8")))


def save(path, todo):
    """Write the list into a file."""
    path.write_text(json.dumps(todo.items, indent=2) + "\n", encoding="utf-8")


def main(arguments):
    parser = argparse.ArgumentParser(description="A to-do list in a JSON file.")
    parser.add_argument("--file", type=pathlib.Path, default=pathlib.Path("todo.json"))
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add")
    add.add_argument("text")
    add.add_argument("--due", type=lambda day: datetime.date.fromisoformat(day).isoformat())
    commands.add_parser("list")
    commands.add_parser("overdue")
    commands.add_parser("done").add_argument("number", type=int)
    options = parser.parse_args(arguments)

    todo = load(options.file)
    if options.command == "add":
        print(todo.add(options.text, options.due))
    elif options.command == "done":
        todo.done(options.number)
    else:
        shown = todo.items if options.command == "list" else todo.overdue(datetime.date.today())
        for item in shown:
            mark = "x" if item["done"] else " "
            print(f"{item['number']:3} [{mark}] {item['text']} {item['due'] or ''}".rstrip())
    save(options.file, todo)


if __name__ == "__main__":
    main(sys.argv[1:])
