package io.heterospec.topology;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What a process does, perhaps among other things. */
public enum Role {
  /** Validates prompt events and hands them to a pool of processors. */
  ROUTER,
  /** Decodes the requests of one pool. */
  PROCESSOR,
  /** Serves HTTP clients, and keeps track of their asynchronous responses. */
  GATEWAY;

  private static final String ALL = "all";

  /**
   * The roles of a name: one, or {@code all}.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static Set<Role> parse(String name) {
    if (name.equals(ALL)) {
      return EnumSet.allOf(Role.class);
    }
    for (Role role : values()) {
      if (role.label().equals(name)) {
        return EnumSet.of(role);
      }
    }
    throw new IllegalArgumentException(
        "role '" + name + "' is unknown; use router, processor, gateway or all");
  }

  /** The name of a process that does all of these. */
  public static String label(Set<Role> roles) {
    return roles.size() == 1 ? roles.iterator().next().label() : ALL;
  }

  private String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
