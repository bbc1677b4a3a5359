;; Calls a tool with arguments that are not JSON and hands on the error.
(import "skep:plugin/tools@0.1.0" "call" (func $call (param i32 i32 i32 i32 i32)))
(data (i32.const 4096) "{\"a\":")
(func $run (param $amount i32) (result i32)
  (call $call (i32.const 1024) (i32.const 4) (i32.const 4096) (local.get $amount) (i32.const 2048))
  (if (i32.load8_u (i32.const 2048))
    (then (return (call $fail (i32.load8_u (i32.const 2056)) (i32.load (i32.const 2068)) (i32.load (i32.const 2072))))))
  (call $ok (i32.const 1024) (i32.const 4)))
