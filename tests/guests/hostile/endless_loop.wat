;; Counts down from the amount; 0 takes four billion turns, again and again.
(func $run (param $amount i32) (result i32)
  (local $left i32)
  (loop $for_ever
    (local.set $left (local.get $amount))
    (loop $again
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (br_if $for_ever (i32.eqz (local.get $amount))))
  (call $ok (i32.const 1024) (i32.const 4)))
