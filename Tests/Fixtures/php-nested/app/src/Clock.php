<?php

namespace Clock;

final class Clock
{
    public function now(): string
    {
        return date(DATE_ATOM);
    }
}
