;; Answers what is at 4096 and this many bytes after it: first JSON, then no JSON, then no UTF-8.
(data (i32.const 4096) "\"ok\"{{{{\ff\ff\ff\ff")
(func $run (param $amount i32) (result i32)
  (call $ok (i32.add (i32.const 4096) (local.get $amount)) (i32.const 4)))
