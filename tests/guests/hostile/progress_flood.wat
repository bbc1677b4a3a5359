;; Reports more than everything, this many times.
(import "skep:plugin/progress@0.1.0" "report" (func $report (param i32 i32 i32)))
(func $run (param $amount i32) (result i32)
  (loop $again
    (call $report (i32.const 255) (i32.const 0) (i32.const 1000))
    (br_if $again (local.tee $amount (i32.sub (local.get $amount) (i32.const 1)))))
  (call $ok (i32.const 1024) (i32.const 4)))
