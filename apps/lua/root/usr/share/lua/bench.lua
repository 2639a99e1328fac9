-- SPDX-License-Identifier: MIT
-- 20 lines: loops, tables, strings, closures. One line with what came out.
local rounds = tonumber(arg and arg[1]) or 100

local function counter(step)
  local total = 0
  return function(by) total = total + step * by; return total end
end

local add, last, words, seen = counter(3), 0, {}, {}
for round = 1, rounds do
  for i = 1, 1000 do last = add(i % 7) end
  for i = 1, 200 do
    local word = ("%x-%d"):format(i * round, i):upper():rep(2, ":")
    words[#words + 1] = word:gsub("(%d)%-(%d)", "%2-%1")
    seen[word:sub(-3)] = (seen[word:sub(-3)] or 0) + 1
  end
  table.sort(words, function(a, b) return a > b end)
  if #words > 400 then words = table.move(words, 1, 100, 1, {}) end
end
local kinds = 0
for _ in pairs(seen) do kinds = kinds + 1 end
print(("%d rounds: sum %d, %d words, first %s, %d kinds"):format(rounds, last,
  #words, words[1], kinds))
