;; Asks for this many random bytes at once.
(import "skep:plugin/random@0.1.0" "bytes" (func $bytes (param i32 i32)))
(func $run (param $amount i32) (result i32)
  (call $bytes (local.get $amount) (i32.const 2048))
  (call $ok (i32.const 1024) (i32.const 4)))
