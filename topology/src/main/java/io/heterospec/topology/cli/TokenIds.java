package io.heterospec.topology.cli;

import java.util.Arrays;

/** Token ids as they are given on a command line: {@code 1,2,3}. */
final class TokenIds {
  private TokenIds() {}

  static int[] parse(String option, String list) {
    try {
      return Arrays.stream(list.split(",")).mapToInt(id -> Integer.parseInt(id.strip())).toArray();
    } catch (NumberFormatException e) {
      throw new UsageException(
          option + " must be token ids separated by commas, such as 1,15,7; got " + list, e);
    }
  }
}
