;; Reads a file this many times.
(import "skep:plugin/files@0.1.0" "read" (func $read (param i32 i32 i32)))
(func $run (param $amount i32) (result i32)
  (loop $again
    (call $read (i32.const 1024) (i32.const 4) (i32.const 2048))
    (br_if $again (local.tee $amount (i32.sub (local.get $amount) (i32.const 1)))))
  (call $ok (i32.const 1024) (i32.const 4)))
