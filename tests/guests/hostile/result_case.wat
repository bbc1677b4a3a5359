;; Answers with this number as the case of the result; only 0 and 1 exist.
(func $run (param $amount i32) (result i32)
  (drop (call $ok (i32.const 1024) (i32.const 4)))
  (i32.store8 (i32.const 512) (local.get $amount))
  (i32.const 512))
