;; Recurses this deep.
(func $down (param $left i32) (result i32)
  (if (result i32) (local.get $left)
    (then (i32.add (i32.const 1) (call $down (i32.sub (local.get $left) (i32.const 1)))))
    (else (i32.const 0))))
(func $run (param $amount i32) (result i32)
  (drop (call $down (local.get $amount)))
  (call $ok (i32.const 1024) (i32.const 4)))
