;; Grows a table by this many elements and traps when it may not.
(table $table 1 funcref)
(func $run (param $amount i32) (result i32)
  (if (i32.eq (table.grow $table (ref.null func) (local.get $amount)) (i32.const -1)) (then unreachable))
  (call $ok (i32.const 1024) (i32.const 4)))
