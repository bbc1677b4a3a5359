;; Writes this many lines.
(import "skep:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32 i32 i32)))
(func $run (param $amount i32) (result i32)
  (loop $again
    (call $write (i32.const 2) (i32.const 1024) (i32.const 4) (i32.const 0) (i32.const 0))
    (br_if $again (local.tee $amount (i32.sub (local.get $amount) (i32.const 1)))))
  (call $ok (i32.const 1024) (i32.const 4)))
