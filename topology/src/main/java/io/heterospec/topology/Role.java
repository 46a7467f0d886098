package io.heterospec.topology;

import java.util.Locale;

/** What a process does. */
public enum Role {
  /** Validates prompt events and hands them to a pool of processors. */
  ROUTER,
  /** Decodes the requests of one pool. */
  PROCESSOR,
  /** Both. */
  ALL;

  /**
   * The role of a name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static Role parse(String name) {
    for (Role role : values()) {
      if (role.name().toLowerCase(Locale.ROOT).equals(name)) {
        return role;
      }
    }
    throw new IllegalArgumentException(
        "role '" + name + "' is unknown; use router, processor or all");
  }

  public boolean routes() {
    return this != PROCESSOR;
  }

  public boolean processes() {
    return this != ROUTER;
  }
}
