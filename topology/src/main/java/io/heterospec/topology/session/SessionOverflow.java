package io.heterospec.topology.session;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What happens to a session whose next turn does not fit the model's context. */
public enum SessionOverflow {
  /** The turn fails; the session stays as it is. */
  REJECT,
  /** The oldest turns are forgotten, the opening (system messages) stays. */
  DROP_OLDEST;

  /** Name in the configuration. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** All names. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(SessionOverflow::label).toList();
  }

  /** The one with this name, which is known to be valid. */
  public static SessionOverflow of(String label) {
    return Arrays.stream(values())
        .filter(each -> each.label().equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown session overflow " + label));
  }
}
