package io.heterospec.processor.checkpoint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The stack of a pickle's machine, with its marks and what it stores for later. */
final class PickleStack {
  private final Map<Long, Object> memo = new HashMap<>();
  private final ArrayDeque<List<Object>> marks = new ArrayDeque<>();
  private List<Object> top = new ArrayList<>(); // above the last mark

  void push(Object value) {
    top.add(value);
  }

  Object pop() {
    return pop(1).get(0);
  }

  /** The last {@code count} values, lowest first. */
  List<Object> pop(int count) {
    if (top.size() < count) {
      throw new MalformedPickleException("takes from an empty stack");
    }
    List<Object> tail = top.subList(top.size() - count, top.size());
    List<Object> items = new ArrayList<>(tail);
    tail.clear();
    return items;
  }

  Object peek() {
    if (top.isEmpty()) {
      throw new MalformedPickleException("takes from an empty stack");
    }
    return top.get(top.size() - 1);
  }

  void mark() {
    marks.push(top);
    top = new ArrayList<>();
  }

  /** All values above the last mark, which goes with them. */
  List<Object> popMark() {
    if (marks.isEmpty()) {
      throw new MalformedPickleException("uses a mark it has not set");
    }
    List<Object> items = top;
    top = marks.pop();
    return items;
  }

  /** Drops the last value or mark. */
  void discard() {
    if (top.isEmpty() && !marks.isEmpty()) {
      top = marks.pop();
    } else {
      pop();
    }
  }

  /** Stores the last value, which stays, under the next number. */
  void memoize() {
    store(memo.size());
  }

  /** Stores the last value, which stays. */
  void store(long key) {
    memo.put(key, peek());
  }

  /** Puts a stored value on the stack. */
  void recall(long key) {
    Object value = memo.get(key);
    if (value == null) {
      throw new MalformedPickleException("recalls what it has not stored");
    }
    push(value);
  }
}
