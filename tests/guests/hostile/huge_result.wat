;; Answers a JSON string of this many bytes, quotes included.
(func $run (param $amount i32) (result i32)
  (local $text i32)
  (local.set $text (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $amount)))
  (memory.fill (local.get $text) (i32.const 97) (local.get $amount))
  (i32.store8 (local.get $text) (i32.const 34))
  (i32.store8 (i32.add (local.get $text) (i32.sub (local.get $amount) (i32.const 1))) (i32.const 34))
  (call $ok (local.get $text) (local.get $amount)))
