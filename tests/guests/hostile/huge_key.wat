;; Asks for a key of this many bytes.
(import "skep:plugin/kv@0.1.0" "get" (func $get (param i32 i32 i32)))
(func $run (param $amount i32) (result i32)
  (local $text i32)
  (local.set $text (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $amount)))
  (memory.fill (local.get $text) (i32.const 97) (local.get $amount))
  (call $get (local.get $text) (local.get $amount) (i32.const 2048))
  (call $ok (i32.const 1024) (i32.const 4)))
