<?php

namespace App\Controller;

use Symfony\Bundle\FrameworkBundle\Controller\AbstractController;
use Symfony\Component\DependencyInjection\Attribute\Autowire;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Routing\Attribute\Route;
use Symfony\Contracts\Cache\CacheInterface;

/** Says who the app is, what has been made for it, what it has written and whether it can change itself. */
class PageController extends AbstractController
{
    public function __construct(
        private CacheInterface $cache,
        #[Autowire('%kernel.environment%')] private string $environment,
        #[Autowire('%kernel.cache_dir%')] private string $cacheDirectory,
        #[Autowire('%kernel.project_dir%')] private string $projectDirectory,
    ) {
    }

    #[Route('/', methods: ['GET'])]
    public function index(): Response
    {
        $this->cache->get('visited', fn () => 'yes');
        $warmed = (int) fileowner("$this->cacheDirectory/App_KernelProdContainer.php");
        $pools = (int) @fileowner("$this->cacheDirectory/pools");
        $code = @file_put_contents("$this->projectDirectory/src/Kernel.php", '') === false ? 'kept' : 'changed';
        $page = "hello from $this->environment symfony, cache of $warmed, pools of $pools, code is $code";

        return new Response($page, Response::HTTP_OK, ['Content-Type' => 'text/plain']);
    }
}
