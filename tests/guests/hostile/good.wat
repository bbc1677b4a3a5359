;; Answers "ok".
(func $run (param $amount i32) (result i32)
  (call $ok (i32.const 1024) (i32.const 4)))
