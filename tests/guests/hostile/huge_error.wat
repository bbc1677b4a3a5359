;; Fails with a message of this many three-byte characters.
(func $run (param $amount i32) (result i32)
  (local $text i32) (local $at i32) (local $end i32)
  (local.set $text (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.mul (local.get $amount) (i32.const 3))))
  (local.set $at (local.get $text))
  (local.set $end (i32.add (local.get $text) (i32.mul (local.get $amount) (i32.const 3))))
  (loop $again
    (i32.store8 (local.get $at) (i32.const 0xe2))
    (i32.store8 (i32.add (local.get $at) (i32.const 1)) (i32.const 0x82))
    (i32.store8 (i32.add (local.get $at) (i32.const 2)) (i32.const 0xac))
    (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 3))) (local.get $end))))
  (call $fail (i32.const 8) (local.get $text) (i32.sub (local.get $end) (local.get $text))))
