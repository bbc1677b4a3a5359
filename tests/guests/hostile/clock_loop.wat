;; Reads the clock this many times; 0 is four billion.
(import "skep:plugin/clock@0.1.0" "now-ms" (func $now (result i64)))
(func $run (param $amount i32) (result i32)
  (loop $again
    (drop (call $now))
    (br_if $again (local.tee $amount (i32.sub (local.get $amount) (i32.const 1)))))
  (call $ok (i32.const 1024) (i32.const 4)))
