<?php
class Article
{
    public function __construct(private string $name)
    {
    }

    public function title(): string
    {
        return 'article: ' . mb_convert_case($this->name, MB_CASE_TITLE, 'UTF-8');
    }
}
