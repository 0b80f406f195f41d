namespace Shop.Domain;

public record Price(decimal Amount);
