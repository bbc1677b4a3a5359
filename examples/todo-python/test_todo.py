import datetime
import pathlib
import tempfile
import unittest

import todo

TODAY = datetime.date(2026, 3, 10)


class AddTest(unittest.TestCase):
    def test_items_are_numbered_from_one(self):
        items = todo.TodoList()
        self.assertEqual(items.add("a"), 1)
        self.assertEqual(items.add(" b "), 2)
        self.assertEqual(items.items[1]["text"], "b")

    def test_an_item_needs_a_text(self):
        with self.assertRaises(ValueError):
            todo.TodoList().add("  ")


class DoneTest(unittest.TestCase):
    def test_an_item_is_marked(self):
        items = todo.TodoList()
        items.add("a")
        self.assertTrue(items.done(1)["done"])
        with self.assertRaises(KeyError):
            items.done(7)


class OverdueTest(unittest.TestCase):
    def texts(self, items):
        return [item["text"] for item in items.overdue(TODAY)]

    def test_items_of_days_before_are_overdue_oldest_first(self):
        items = todo.TodoList()
        items.add("second", "2026-03-09")
        items.add("first", "2026-02-28")
        items.add("later", "2026-03-11")
        items.add("whenever")
        self.assertEqual(self.texts(items), ["first", "second"])

    def test_what_is_done_is_not_overdue(self):
        items = todo.TodoList()
        items.add("a", "2026-03-01")
        items.done(1)
        self.assertEqual(self.texts(items), [])

    def test_an_item_that_is_due_today_is_not_overdue(self):
        items = todo.TodoList()
        items.add("today", "2026-03-10")
        self.assertEqual(self.texts(items), [])


class FileTest(unittest.TestCase):
    def test_a_list_survives_its_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "todo.json"
            self.assertEqual(todo.load(path).items, [])
            items = todo.TodoList()
            items.add("a", "2026-03-10")
            todo.save(path, items)
            self.assertEqual(todo.load(path).items, items.items)


if __name__ == "__main__":
    unittest.main()
