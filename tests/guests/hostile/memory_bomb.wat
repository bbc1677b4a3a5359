;; Grows by this many pages, touches the last and traps when it may not.
(func $run (param $amount i32) (result i32)
  (if (i32.eq (memory.grow (local.get $amount)) (i32.const -1)) (then unreachable))
  (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1))
  (call $ok (i32.const 1024) (i32.const 4)))
