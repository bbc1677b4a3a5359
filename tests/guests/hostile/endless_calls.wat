;; Calls itself and another by turns, in tail position of a loop: 0 never ends.
(func $even (param $left i32) (result i32)
  (i32.sub (local.get $left) (i32.const 1)))
(func $run (param $amount i32) (result i32)
  (loop $again
    (br_if $again (local.tee $amount (call $even (local.get $amount)))))
  (call $ok (i32.const 1024) (i32.const 4)))
