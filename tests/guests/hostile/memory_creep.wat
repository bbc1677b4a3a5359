;; Grows page by page, this many times, touching each, and takes no for an answer.
(func $run (param $amount i32) (result i32)
  (block $refused
    (loop $again
      (br_if $refused (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
      (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1))
      (br_if $again (local.tee $amount (i32.sub (local.get $amount) (i32.const 1))))))
  (call $ok (i32.const 1024) (i32.const 4)))
